#include "pidfd.h"

#include <poll.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>

#include "result.h"
#include "stat_calls.h"
#include "unique_fd.h"

namespace kernel_identity::system {
namespace {

#ifdef SYS_pidfd_open
constexpr long kPidfdOpen = SYS_pidfd_open;
#else
constexpr long kPidfdOpen = 434;  // The same on every architecture but alpha; kernel 5.3.
#endif

// PID_FS_MAGIC of include/uapi/linux/magic.h, kernel 6.9.
constexpr uint64_t kPidfsMagic = 0x50494446;

}  // namespace

int OpenPidfd(pid_t pid) { return ResultOf(static_cast<int>(::syscall(kPidfdOpen, pid, 0))); }

int ReadPidfdInode(int fd, PidfsDevice* pidfs, uint64_t* inode) {
  // A 32-bit kernel has room for only half of the number, and that half repeats.
  if constexpr (sizeof(long) < sizeof(uint64_t)) return -ENOTTY;
  struct stat status;
  if (StatDescriptor(fd, &status) < 0) return -errno;
  // Before pidfs all pidfds shared one anonymous inode, which would make all processes the same one. There is
  // one pidfs, mounted for as long as the kernel runs, so once its device number is known, fstat alone is
  // enough.
  if (pidfs->number != status.st_dev) {
    struct statfs filesystem;
    if (::fstatfs(fd, &filesystem) < 0) return -errno;
    if (static_cast<uint64_t>(filesystem.f_type) != kPidfsMagic) return -ENOTTY;
    pidfs->number = status.st_dev;
  }
  *inode = status.st_ino;
  return 0;
}

int PollPidfd(int fd) {
  struct pollfd entry = {fd, POLLIN, 0};
  const int result = Uninterrupted([&entry] { return ::poll(&entry, 1, 0); });
  if (result < 0) return result;
  if ((entry.revents & POLLNVAL) != 0) return -EBADF;
  return (entry.revents & POLLIN) != 0 ? 1 : 0;
}

int ProbePidfd(pid_t pid, PidfsDevice* pidfs, PidfdProbe* probe) {
  const int fd = OpenPidfd(pid);
  if (fd < 0) return fd;
  const UniqueFd pidfd(fd);
  uint64_t inode = 0;
  if (ReadPidfdInode(fd, pidfs, &inode) == 0) {
    probe->inode = inode;
  } else {
    probe->inode.reset();
  }
  const int exited = PollPidfd(fd);
  if (exited < 0) return exited;
  probe->exited = exited > 0;
  return 0;
}

}  // namespace kernel_identity::system
