#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string_view>

namespace kernel_identity::system {

/** The path `/proc/<pid>/<name>`, or `/proc/self/<name>` for pid 0, made without an allocation. */
class ProcPath {
 public:
  ProcPath(pid_t pid, std::string_view name);
  const char* c_str() const { return text_; }

 private:
  char text_[64];
};

/** Opens a file for reading: a descriptor or -errno. */
int OpenProcFile(const char* path);

/**
 * Reads from the descriptor's position to the end of the file. The number of bytes, or -errno; -EFBIG when
 * the buffer was full before the end was seen, so that a cut text is never taken for a whole one.
 */
ssize_t ReadToEnd(int fd, char* buffer, size_t capacity);

/** Opens a file, reads it like {@link ReadToEnd}, and closes it. */
ssize_t ReadProcFile(const char* path, char* buffer, size_t capacity);

}  // namespace kernel_identity::system
