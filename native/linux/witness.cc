#include "witness.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "result.h"

namespace kernel_identity::system {
namespace {

// l_pid must be zero for OFD locks. The other zeros mean: from the start of the file, without end.
constexpr struct flock WholeFile(short type) {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

/** Asks for the first lock that a lock of this type on the whole file would conflict with. 0 or -errno. */
int FindConflict(int fd, struct flock* lock) {
  return Uninterrupted([=] { return ::fcntl(fd, F_OFD_GETLK, lock); });
}

}  // namespace

int TakeWitness(int fd) {
  struct flock lock = WholeFile(F_WRLCK);
  const int result = Uninterrupted([&] { return ::fcntl(fd, F_OFD_SETLK, &lock); });
  // fcntl(2) allows EACCES for a conflict. With these arguments EINVAL can only mean that the kernel, or a
  // sandbox in its place, does not know the command.
  if (result == -EACCES) return -EAGAIN;
  if (result == -EINVAL) return -ENOSYS;
  return result;
}

LockState TestWitness(int fd) {
  // A read lock conflicts with write locks only. So the locks of readers are not in the way, and whoever may
  // read the file cannot make its witness seem to be held.
  struct flock lock = WholeFile(F_RDLCK);
  if (FindConflict(fd, &lock) != 0) return LockState::kUntestable;
  if (lock.l_type == F_UNLCK) return LockState::kFree;
  // A sandbox that answers without making the call leaves the request as it was.
  if (lock.l_type != F_WRLCK) return LockState::kUntestable;
  // l_pid is -1 for OFD locks alone. A witness would have excluded any other lock.
  if (lock.l_pid != -1) return LockState::kFree;
  // An heir of the witness may have unlocked a part of it.
  return lock.l_start == 0 && lock.l_len == 0 ? LockState::kHeld : LockState::kUntestable;
}

LockState TestAnyLock(int fd) {
  struct flock lock = WholeFile(F_WRLCK);
  if (FindConflict(fd, &lock) != 0) return LockState::kUntestable;
  return lock.l_type == F_UNLCK ? LockState::kFree : LockState::kHeld;
}

}  // namespace kernel_identity::system
