#pragma once

#include <cstdint>
#include <optional>

namespace kernel_identity::system {

struct Filesystem {
  /** f_type of statfs(2); none when a sandbox forbids the call. */
  std::optional<uint32_t> magic;
  /** f_fsid, its first word on top as `stat -f` prints it. 0 when the filesystem has none or hides it. */
  uint64_t fsid = 0;

  bool operator==(const Filesystem&) const = default;
};

/** Reads the filesystem of an open file. 0 or -errno. */
int ReadFilesystem(int fd, Filesystem* filesystem);

/** The name of a filesystem; null when the table has no name for this magic number. */
const char* FilesystemName(uint32_t magic);

}  // namespace kernel_identity::system
