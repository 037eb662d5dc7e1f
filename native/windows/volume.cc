#include "../thin/kernel.h"
#include "handle.h"

namespace kernel_identity::thin {
namespace {

/** FILE_FS_DEVICE_INFORMATION (MS-FSCC 2.5.10). */
struct Device {
  ULONG type;
  ULONG characteristics;
};
static_assert(sizeof(Device) == 8);
constexpr ULONG kDeviceInformation = 4;
constexpr ULONG kRemoteDevice = 0x10;

using QueryVolume = NTSTATUS(NTAPI*)(HANDLE, IO_STATUS_BLOCK*, void*, ULONG, ULONG);

}  // namespace

bool ReadVolume(const PathCharacter* path, char (&name)[kVolumeNameSize]) {
  const auto query = FindInNtdll<QueryVolume>("NtQueryVolumeInformationFile");
  if (query == nullptr) return false;
  // Attributes can be read of a file that nobody may open, and FILE_FLAG_BACKUP_SEMANTICS opens directories
  // too.
  const Handle file(CreateFileW(reinterpret_cast<const wchar_t*>(path), FILE_READ_ATTRIBUTES,
                                FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr,
                                OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, nullptr));
  if (!file.IsValid()) return false;
  Device device = {};
  IO_STATUS_BLOCK status = {};
  if (!Succeeded(query(file.get(), &status, &device, sizeof device, kDeviceInformation))) return false;
  if ((device.characteristics & kRemoteDevice) != 0) return false;
  wchar_t wide[kVolumeNameSize] = {};
  if (!GetVolumeInformationByHandleW(file.get(), nullptr, 0, nullptr, nullptr, nullptr, wide,
                                     kVolumeNameSize)) {
    return false;
  }
  for (int at = 0; at < kVolumeNameSize; at++) name[at] = wide[at] < 0x80 ? static_cast<char>(wide[at]) : '?';
  return name[0] != '\0';
}

/** The lock is a share mode, which no handle shows: see src/backend/portable/share-witness.ts. */
LockState TestWitness(int) { return LockState::kUntestable; }

}  // namespace kernel_identity::thin
