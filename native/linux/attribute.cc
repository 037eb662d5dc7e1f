#include "attribute.h"

#include <sys/xattr.h>

#include <cerrno>

#include "result.h"

namespace kernel_identity::system {
namespace {

constexpr const char* kName = "user.kernel-identity";

}  // namespace

ssize_t ReadAttribute(int fd, char* buffer, size_t capacity) {
  const ssize_t length = ::fgetxattr(fd, kName, buffer, capacity);
  return length < 0 ? -errno : length;
}

int WriteAttribute(int fd, const char* bytes, size_t length) {
  return ResultOf(::fsetxattr(fd, kName, bytes, length, XATTR_CREATE));
}

}  // namespace kernel_identity::system
