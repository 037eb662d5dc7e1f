#include <stddef.h>

#include "../thin/kernel.h"
#include "handle.h"

namespace kernel_identity::thin {
namespace {

/** SYSTEM_TIMEOFDAY_INFORMATION. Its layout is not documented, but has not changed since Windows 2000. */
struct TimeOfDay {
  int64_t boot_time;
  int64_t current_time;
  int64_t time_zone_bias;
  ULONG time_zone_id;
  ULONG reserved;
  uint64_t boot_time_bias;
  uint64_t sleep_time_bias;
};
static_assert(sizeof(TimeOfDay) == 48 && offsetof(TimeOfDay, boot_time_bias) == 32);
constexpr ULONG kTimeOfDayInformation = 3;

using QuerySystem = NTSTATUS(NTAPI*)(ULONG, void*, ULONG, ULONG*);

/**
 * BootId of KUSER_SHARED_DATA (ntddk.h), a page that every process sees at this address: how often this
 * installation has been booted.
 */
uint32_t BootCount() { return *reinterpret_cast<const volatile uint32_t*>(0x7FFE0000 + 0x2C4); }

/**
 * When the kernel began, in 100 ns since 1601. BootTime moves when the wall clock is set, and BootTimeBias
 * moves by as much. 0: not known.
 */
uint64_t BeginningOfKernel() {
  const auto query = FindInNtdll<QuerySystem>("NtQuerySystemInformation");
  TimeOfDay time = {};
  ULONG length = 0;
  if (query == nullptr || !Succeeded(query(kTimeOfDayInformation, &time, sizeof time, &length))) return 0;
  if (length < sizeof time) return 0;
  return static_cast<uint64_t>(time.boot_time) - time.boot_time_bias;
}

/** Writes the number in hexadecimal digits, and returns where the text goes on. */
char* WriteHex(char* text, uint64_t number) {
  for (int shift = 60; shift >= 0; shift -= 4) *text++ = "0123456789abcdef"[(number >> shift) & 15];
  return text;
}

/** Characters of MachineGuid, with its final 0. */
constexpr DWORD kGuidSize = 40;

}  // namespace

bool ReadBoot(char (&text)[kBootTextSize]) {
  // Clones of one disk have equal ids of the machine, and can have been booted equally often. They did not
  // begin within the same 100 ns, unless both are copies of one running machine.
  wchar_t guid[kGuidSize] = {};
  DWORD size = sizeof guid;
  if (RegGetValueW(HKEY_LOCAL_MACHINE, L"SOFTWARE\\Microsoft\\Cryptography", L"MachineGuid", RRF_RT_REG_SZ,
                   nullptr, guid, &size) != ERROR_SUCCESS) {
    return false;
  }
  const uint64_t beginning = BeginningOfKernel();
  if (beginning == 0 || guid[0] == 0) return false;
  char* end = text;
  for (const wchar_t* from = guid; *from != 0; from++) *end++ = static_cast<char>(*from);
  *end++ = '/';
  end = WriteHex(end, BootCount());
  *end++ = '/';
  end = WriteHex(end, beginning);
  *end = '\0';
  return true;
}

bool AreNumbersShared() {
  // In a container of Windows Server the processes of the host are not seen, though the numbers are the
  // host's.
  const LSTATUS status = RegGetValueW(HKEY_LOCAL_MACHINE, L"SYSTEM\\CurrentControlSet\\Control",
                                      L"ContainerType", RRF_RT_ANY, nullptr, nullptr, nullptr);
  return status == ERROR_FILE_NOT_FOUND;
}

}  // namespace kernel_identity::thin
