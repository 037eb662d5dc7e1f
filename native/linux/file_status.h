#pragma once

#include <cstdint>

namespace kernel_identity::system {

enum class FileKind { kFile, kDirectory, kSymlink, kOther };

struct FileStatus {
  FileKind kind;
  uint64_t device;
  uint64_t inode;
  uint64_t links;
  uint64_t size;
  /** Last data change, since the epoch. */
  int64_t modified_seconds;
  int64_t modified_nanoseconds;
  /** Last change of the inode, since the epoch; cannot be set by hand. */
  int64_t changed_seconds;
  int64_t changed_nanoseconds;

  bool operator==(const FileStatus&) const = default;
};

/** Of a name in a directory, a symbolic link being looked at itself. 0 or -errno. */
int ReadStatusAt(int directory, const char* name, FileStatus* status);

/** Of an open file. 0 or -errno. */
int ReadStatusOf(int fd, FileStatus* status);

/**
 * As {@link ReadStatusOf}, but asks whoever keeps the filesystem, in place of what the kernel remembers of it
 * (AT_STATX_FORCE_SYNC of statx(2), Linux 4.11). Where that is not to be had, as ReadStatusOf.
 */
int ReadFreshStatusOf(int fd, FileStatus* status);

/** Whether a name in a directory is that of the file open as `fd`, not following a symbolic link: 1, 0 or
 * -errno. */
int IsSameFileAt(int directory, const char* name, int fd);

/** Whether `fd` is of this device and inode: 1, 0 or -errno. */
int IsFile(int fd, uint64_t device, uint64_t inode);

/** As {@link IsSameFileAt}, or -EBADF where `fd` is not of this device and inode. */
int IsSameFileStillAt(int directory, const char* name, int fd, uint64_t device, uint64_t inode);

}  // namespace kernel_identity::system
