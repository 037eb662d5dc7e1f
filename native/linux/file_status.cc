#include "file_status.h"

#include <fcntl.h>
#include <sys/sysmacros.h>

#include <cerrno>

#include "stat_calls.h"

namespace kernel_identity::system {
namespace {

FileKind KindOf(mode_t mode) {
  if (S_ISREG(mode)) return FileKind::kFile;
  if (S_ISDIR(mode)) return FileKind::kDirectory;
  if (S_ISLNK(mode)) return FileKind::kSymlink;
  return FileKind::kOther;
}

FileStatus FromStat(const struct stat& from) {
  return {
      .kind = KindOf(from.st_mode),
      .device = from.st_dev,
      .inode = from.st_ino,
      .links = from.st_nlink,
      .size = static_cast<uint64_t>(from.st_size),
      .modified_seconds = from.st_mtim.tv_sec,
      .modified_nanoseconds = from.st_mtim.tv_nsec,
      .changed_seconds = from.st_ctim.tv_sec,
      .changed_nanoseconds = from.st_ctim.tv_nsec,
  };
}

FileStatus FromStatx(const struct statx& from) {
  return {
      .kind = KindOf(from.stx_mode),
      .device = makedev(from.stx_dev_major, from.stx_dev_minor),
      .inode = from.stx_ino,
      .links = from.stx_nlink,
      .size = from.stx_size,
      .modified_seconds = from.stx_mtime.tv_sec,
      .modified_nanoseconds = from.stx_mtime.tv_nsec,
      .changed_seconds = from.stx_ctime.tv_sec,
      .changed_nanoseconds = from.stx_ctime.tv_nsec,
  };
}

int IsFileAt(int directory, const char* name, uint64_t device, uint64_t inode) {
  struct stat found;
  if (StatAt(directory, name, &found, AT_SYMLINK_NOFOLLOW) < 0) return -errno;
  return found.st_dev == device && found.st_ino == inode ? 1 : 0;
}

}  // namespace

int ReadStatusAt(int directory, const char* name, FileStatus* status) {
  struct stat answer;
  if (StatAt(directory, name, &answer, AT_SYMLINK_NOFOLLOW) < 0) return -errno;
  *status = FromStat(answer);
  return 0;
}

int ReadStatusOf(int fd, FileStatus* status) {
  struct stat answer;
  if (StatDescriptor(fd, &answer) < 0) return -errno;
  *status = FromStat(answer);
  return 0;
}

int ReadFreshStatusOf(int fd, FileStatus* status) {
  struct statx answer;
  // The call is made by its number, because only glibc 2.28 and later have the function.
  if (::syscall(SYS_statx, fd, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, &answer) == 0) {
    *status = FromStatx(answer);
    return 0;
  }
  // An older kernel lacks the call, or the seccomp filter of an older container runtime refuses it.
  if (errno == ENOSYS || errno == EPERM) return ReadStatusOf(fd, status);
  return -errno;
}

int IsSameFileAt(int directory, const char* name, int fd) {
  struct stat open;
  if (StatDescriptor(fd, &open) < 0) return -errno;
  return IsFileAt(directory, name, open.st_dev, open.st_ino);
}

int IsFile(int fd, uint64_t device, uint64_t inode) {
  struct stat open;
  if (StatDescriptor(fd, &open) < 0) return -errno;
  return open.st_dev == device && open.st_ino == inode ? 1 : 0;
}

int IsSameFileStillAt(int directory, const char* name, int fd, uint64_t device, uint64_t inode) {
  const int same = IsFile(fd, device, inode);
  if (same < 0) return same;
  return same == 0 ? -EBADF : IsFileAt(directory, name, device, inode);
}

}  // namespace kernel_identity::system
