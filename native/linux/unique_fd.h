#pragma once

#include <unistd.h>

#include <utility>

namespace kernel_identity::system {

/** Owns one file descriptor and closes it at the end of its scope. */
class UniqueFd {
 public:
  UniqueFd() = default;
  /** Takes the answer of a call such as openat(2). A negative number owns nothing. */
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      Reset();
      fd_ = other.Release();
    }
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { Reset(); }

  bool valid() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  // close(2) is not repeated on EINTR, because Linux has released the number by then and another thread may
  // already own it again (close(2), NOTES).
  void Reset() {
    if (fd_ >= 0) ::close(Release());
  }

  int fd_ = -1;
};

}  // namespace kernel_identity::system
