#include "proc_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstring>

#include "result.h"
#include "unique_fd.h"

namespace kernel_identity::system {

ProcPath::ProcPath(pid_t pid, std::string_view name) {
  constexpr std::string_view kRoot = "/proc/";
  constexpr std::string_view kSelf = "self";
  char* out = text_;
  char* const last = text_ + sizeof text_ - 1;
  std::memcpy(out, kRoot.data(), kRoot.size());
  out += kRoot.size();
  if (pid == 0) {
    std::memcpy(out, kSelf.data(), kSelf.size());
    out += kSelf.size();
  } else {
    out = std::to_chars(out, last, pid).ptr;
  }
  *out++ = '/';
  const size_t room = static_cast<size_t>(last - out);
  const size_t length = name.size() < room ? name.size() : room;
  std::memcpy(out, name.data(), length);
  out[length] = '\0';
}

int OpenProcFile(const char* path) {
  return Uninterrupted([path] { return ::open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY); });
}

ssize_t ReadToEnd(int fd, char* buffer, size_t capacity) {
  size_t length = 0;
  while (length < capacity) {
    const ssize_t count = ::read(fd, buffer + length, capacity - length);
    if (count == 0) return static_cast<ssize_t>(length);
    if (count > 0) {
      length += static_cast<size_t>(count);
    } else if (errno != EINTR) {
      return -errno;
    }
  }
  return -EFBIG;
}

ssize_t ReadProcFile(const char* path, char* buffer, size_t capacity) {
  const int opened = OpenProcFile(path);
  if (opened < 0) return opened;
  const UniqueFd file(opened);
  return ReadToEnd(file.get(), buffer, capacity);
}

}  // namespace kernel_identity::system
