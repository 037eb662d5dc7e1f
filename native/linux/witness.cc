#include "witness.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "result.h"

namespace kernel_identity::system {
namespace {

// l_pid must be zero for OFD locks. The other zeros mean: from the start of the file, without end.
constexpr struct flock WholeFile() {
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

}  // namespace

int TakeWitness(int fd) {
  struct flock lock = WholeFile();
  const int result = Uninterrupted([&] { return ::fcntl(fd, F_OFD_SETLK, &lock); });
  // fcntl(2) allows EACCES for a conflict. With these arguments EINVAL can only mean that the kernel, or a
  // sandbox in its place, does not know the command.
  if (result == -EACCES) return -EAGAIN;
  if (result == -EINVAL) return -ENOSYS;
  return result;
}

LockState TestWitness(int fd) {
  struct flock lock = WholeFile();
  if (Uninterrupted([&] { return ::fcntl(fd, F_OFD_GETLK, &lock); }) != 0) return LockState::kUntestable;
  return lock.l_type == F_UNLCK ? LockState::kFree : LockState::kHeld;
}

bool HasAnyLock(int fd) {
  struct flock lock = WholeFile();
  const int result = Uninterrupted([&] { return ::fcntl(fd, F_OFD_GETLK, &lock); });
  return result == 0 && lock.l_type != F_UNLCK;
}

}  // namespace kernel_identity::system
