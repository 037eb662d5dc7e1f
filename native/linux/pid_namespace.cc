#include "pid_namespace.h"

#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "proc_file.h"
#include "result.h"
#include "stat_calls.h"
#include "unique_fd.h"

namespace kernel_identity::system {
namespace {

// The request is from include/uapi/linux/nsfs.h of kernel 6.18; the headers used for building are older.
constexpr unsigned long kNsGetId = _IOR(0xb7, 13, uint64_t);

int ReadNamespaceId(int fd, uint64_t* id) {
  uint64_t answer = 0;
  // The call is made by its number, because the request has 32 bits and musl declares ioctl(2) with an int.
  const int result = ResultOf(static_cast<int>(::syscall(SYS_ioctl, fd, kNsGetId, &answer)));
  if (result < 0) return result;
  // A sandbox that accepts requests it does not know leaves the variable as it was. All ones is not an id
  // either.
  if (result != 0 || answer == 0 || answer == UINT64_MAX) return -EBADMSG;
  *id = answer;
  return 0;
}

}  // namespace

int ReadPidNamespace(pid_t pid, PidNamespace* pid_namespace) {
  const int opened = OpenProcFile(ProcPath(pid, "ns/pid").c_str());
  if (opened < 0) return opened;
  const UniqueFd file(opened);
  struct stat status;
  if (StatDescriptor(file.get(), &status) < 0) return -errno;
  pid_namespace->inode = status.st_ino;
  uint64_t id = 0;
  const int result = ReadNamespaceId(file.get(), &id);
  if (IsShortage(result)) return result;
  pid_namespace->id.reset();
  if (result == 0) pid_namespace->id = id;
  return 0;
}

bool IsInPidNamespace(pid_t pid, uint64_t inode) {
  struct stat status;
  return StatPath(ProcPath(pid, "ns/pid").c_str(), &status) == 0 && status.st_ino == inode;
}

int ReadOwnNamespaceId(uint64_t* id) {
  const int opened = OpenProcFile(ProcPath(0, "ns/pid").c_str());
  if (opened < 0) return opened;
  const UniqueFd file(opened);
  return ReadNamespaceId(file.get(), id);
}

}  // namespace kernel_identity::system
