#pragma once

#include <cstdint>
#include <optional>

namespace kernel_identity::system {

struct Filesystem {
  /** statfs(2) f_type; none where a sandbox keeps this process from asking. */
  std::optional<uint32_t> magic;
  /** f_fsid, its first word on top, as `stat -f` prints it; 0 where the filesystem has none, or hides it. */
  uint64_t fsid = 0;

  bool operator==(const Filesystem&) const = default;
};

/** Of an open file. 0 or -errno. */
int ReadFilesystem(int fd, Filesystem* filesystem);

/** Its name, null for a magic that has none here. */
const char* FilesystemName(uint32_t magic);

}  // namespace kernel_identity::system
