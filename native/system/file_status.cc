#include "file_status.h"

#include <fcntl.h>

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
  };
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

}  // namespace kernel_identity::system
