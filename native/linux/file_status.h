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
  /** The last change of the data, since the epoch. */
  int64_t modified_seconds;
  int64_t modified_nanoseconds;
  /** The last change of the inode, since the epoch. No program can set it. */
  int64_t changed_seconds;
  int64_t changed_nanoseconds;

  bool operator==(const FileStatus&) const = default;
};

/** Reads the status of a name in a directory; does not follow a symbolic link. 0 or -errno. */
int ReadStatusAt(int directory, const char* name, FileStatus* status);

/** Reads the status of an open file. 0 or -errno. */
int ReadStatusOf(int fd, FileStatus* status);

/**
 * Like {@link ReadStatusOf}, but asks the server of a network filesystem, because the kernel's own copy may
 * be out of date (AT_STATX_FORCE_SYNC of statx(2), Linux 4.11). Without that call it does the same as
 * ReadStatusOf.
 */
int ReadFreshStatusOf(int fd, FileStatus* status);

/**
 * Whether a name in a directory belongs to the file that is open as `fd`: 1, 0 or -errno. Does not follow a
 * symbolic link.
 */
int IsSameFileAt(int directory, const char* name, int fd);

/** Whether the file open as `fd` has this device and inode: 1, 0 or -errno. */
int IsFile(int fd, uint64_t device, uint64_t inode);

/** Like {@link IsSameFileAt}, but answers -EBADF when the file open as `fd` has another device or inode. */
int IsSameFileStillAt(int directory, const char* name, int fd, uint64_t device, uint64_t inode);

}  // namespace kernel_identity::system
