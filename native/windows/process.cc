#include "process.h"

#include <stddef.h>
#include <string.h>

namespace kernel_identity::thin {
namespace {

/**
 * PROCESS_TELEMETRY_ID_INFORMATION, of which Microsoft documents ProcessId, ProcessStartKey and CreateTime
 * (Windows 10, "ProcessTelemetryIdInformation"). Texts of any length follow it, at offsets from its
 * beginning.
 */
struct TelemetryId {
  ULONG header_size;
  ULONG process_id;
  ULONGLONG start_key;
  ULONGLONG create_time;
  ULONGLONG create_interrupt_time;
  ULONGLONG create_unbiased_interrupt_time;
  ULONGLONG sequence_number;
  ULONGLONG session_create_time;
  ULONG session_id;
  ULONG boot_id;
};
static_assert(sizeof(TelemetryId) == 64);
static_assert(offsetof(TelemetryId, start_key) == 8 && offsetof(TelemetryId, create_time) == 16);
static_assert(offsetof(TelemetryId, boot_id) == 60);
constexpr ULONG kTelemetryIdInformation = 64;
/** Bytes. A process whose command line needs more has no key here, and its creation time decides. */
constexpr ULONG kTelemetryRoom = 3072;

using QueryProcess = NTSTATUS(NTAPI*)(HANDLE, ULONG, void*, ULONG, ULONG*);

/** 100 ns from 1601, the beginning of Windows's time, to 1970. */
constexpr uint64_t kUnixEpoch = 116444736000000000;

uint64_t TimeOf(const FILETIME& time) {
  return (static_cast<uint64_t>(time.dwHighDateTime) << 32) | time.dwLowDateTime;
}

/** 0: not known. */
uint64_t ReadStartKey(HANDLE process, uint32_t pid, uint64_t created) {
  const auto query = FindInNtdll<QueryProcess>("NtQueryInformationProcess");
  if (query == nullptr) return 0;
  alignas(TelemetryId) unsigned char room[kTelemetryRoom];
  TelemetryId id = {};
  ULONG length = 0;
  if (!Succeeded(query(process, kTelemetryIdInformation, room, sizeof room, &length))) return 0;
  if (length < sizeof id) return 0;
  memcpy(&id, room, sizeof id);
  // What was documented otherwise, or differs in a later Windows, must not pass for an identity.
  if (id.header_size < sizeof id || id.process_id != pid || id.create_time != created) return 0;
  return id.start_key;
}

}  // namespace

Answer OpenProcessOf(uint32_t pid, HANDLE* process) {
  Handle opened(OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE, FALSE, pid));
  if (!opened.IsValid()) {
    switch (GetLastError()) {
      // Nobody has the number, or it is that of a thread.
      case ERROR_INVALID_PARAMETER:
        return Answer::kNoProcess;
      case ERROR_NOT_ENOUGH_MEMORY:
      case ERROR_OUTOFMEMORY:
      case ERROR_NO_SYSTEM_RESOURCES:
      case ERROR_COMMITMENT_LIMIT:
      case ERROR_NOT_ENOUGH_QUOTA:
        return Answer::kShortage;
      default:
        return Answer::kHidden;
    }
  }
  // Numbers are multiples of four, and OpenProcess ignores the last two bits. So it opens a process for three
  // numbers more, which nobody has.
  const DWORD number = GetProcessId(opened.get());
  if (number == 0) return Answer::kHidden;
  if (number != pid) return Answer::kNoProcess;
  *process = opened.Release();
  return Answer::kOk;
}

Answer Probe(uint32_t pid, Sight* sight) {
  HANDLE opened = nullptr;
  const Answer answer = OpenProcessOf(pid, &opened);
  if (answer != Answer::kOk) return answer;
  const Handle process(opened);
  FILETIME created = {};
  FILETIME unused[3] = {};
  if (!GetProcessTimes(process.get(), &created, &unused[0], &unused[1], &unused[2])) return Answer::kHidden;
  // A process that ended stays, with its number, for as long as somebody has a handle of it. So that it can
  // be opened does not show that it runs.
  switch (WaitForSingleObject(process.get(), 0)) {
    case WAIT_OBJECT_0:
      sight->has_exited = true;
      break;
    case WAIT_TIMEOUT:
      sight->has_exited = false;
      break;
    default:
      return Answer::kHidden;
  }
  const uint64_t time = TimeOf(created);
  sight->started = time > kUnixEpoch ? (time - kUnixEpoch) / 10 : 0;
  sight->key = ReadStartKey(process.get(), pid, time);
  return Answer::kOk;
}

}  // namespace kernel_identity::thin
