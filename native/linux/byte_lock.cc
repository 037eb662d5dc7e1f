#include "byte_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "result.h"

namespace kernel_identity::system {
namespace {

struct flock ByteRange(short type, uint64_t start, uint64_t length) {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(start);
  lock.l_len = static_cast<off_t>(length);
  return lock;
}

int SetByte(int fd, short type, uint64_t offset) {
  struct flock lock = ByteRange(type, offset, 1);
  return Uninterrupted([&] { return ::fcntl(fd, F_OFD_SETLK, &lock); });
}

}  // namespace

int TakeByte(int fd, uint64_t offset) { return SetByte(fd, F_RDLCK, offset); }

int DropByte(int fd, uint64_t offset) { return SetByte(fd, F_UNLCK, offset); }

int FindConflict(int fd, uint64_t start, uint64_t length, Conflict* conflict) {
  struct flock lock = ByteRange(F_WRLCK, start, length);
  const int result = Uninterrupted([&] { return ::fcntl(fd, F_OFD_GETLK, &lock); });
  if (result < 0) return result;
  // Nobody can open such a file for writing, so nobody has a write lock on it. A sandbox that answers without
  // making the call leaves the request as it was.
  if (lock.l_type == F_WRLCK) return -ENOTSUP;
  *conflict = {
      .found = lock.l_type != F_UNLCK,
      // A classic POSIX lock shows the PID of its owner here, or 0 for an owner in another PID namespace.
      .is_byte_lock = lock.l_type == F_RDLCK && lock.l_pid == -1,
      .start = static_cast<uint64_t>(lock.l_start),
      .length = static_cast<uint64_t>(lock.l_len),
  };
  return 0;
}

LockState TestByte(int fd, uint64_t offset) {
  Conflict conflict;
  if (FindConflict(fd, offset, 1, &conflict) < 0) return LockState::kUntestable;
  if (!conflict.found) return LockState::kFree;
  // A lock of another program, of another kind or range, can hide the byte. It proves neither life nor death.
  const bool is_exact = conflict.is_byte_lock && conflict.start == offset && conflict.length == 1;
  return is_exact ? LockState::kHeld : LockState::kUntestable;
}

}  // namespace kernel_identity::system
