#pragma once

#include <sys/types.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>

#include "../linux/file_content.h"

namespace kernel_identity::binding {

/** The content of a file. Nearly every file that is read here is small, and stays on the stack. */
class FileContent {
 public:
  /**
   * Reads at most `limit` bytes from the start. The size is not asked for beforehand, because it is 0 for
   * files under /proc. 0 or -errno.
   */
  int ReadFrom(int fd, size_t limit) {
    const size_t first = limit < sizeof small_ ? limit : sizeof small_;
    const ssize_t count = system::ReadContent(fd, small_, first, 0);
    if (count < 0) return static_cast<int>(count);
    length_ = static_cast<size_t>(count);
    if (length_ < sizeof small_ || length_ == limit) return 0;

    large_.reset(new (std::nothrow) char[limit]);
    if (large_ == nullptr) return -ENOMEM;
    std::memcpy(large_.get(), small_, length_);
    const ssize_t more =
        system::ReadContent(fd, large_.get() + length_, limit - length_, static_cast<off_t>(length_));
    if (more < 0) return static_cast<int>(more);
    length_ += static_cast<size_t>(more);
    return 0;
  }

  std::string_view view() const { return {large_ != nullptr ? large_.get() : small_, length_}; }

 private:
  char small_[16 * 1024];
  std::unique_ptr<char[]> large_;
  size_t length_ = 0;
};

}  // namespace kernel_identity::binding
