#include "file_content.h"

#include <unistd.h>

#include <cerrno>

namespace kernel_identity::system {

ssize_t ReadContent(int fd, char* buffer, size_t capacity, off_t offset) {
  size_t length = 0;
  while (length < capacity) {
    const ssize_t count =
        ::pread(fd, buffer + length, capacity - length, offset + static_cast<off_t>(length));
    if (count == 0) break;
    if (count > 0) {
      length += static_cast<size_t>(count);
    } else if (errno != EINTR) {
      return -errno;
    }
  }
  return static_cast<ssize_t>(length);
}

int WriteContent(int fd, const char* bytes, size_t length) {
  size_t written = 0;
  while (written < length) {
    const ssize_t count = ::pwrite(fd, bytes + written, length - written, static_cast<off_t>(written));
    if (count > 0) {
      written += static_cast<size_t>(count);
    } else if (count == 0) {
      return -EIO;  // write(2) does not describe this case, but the loop must not hang on it.
    } else if (errno != EINTR) {
      return -errno;
    }
  }
  return 0;
}

}  // namespace kernel_identity::system
