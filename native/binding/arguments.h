#pragma once

#include <napi.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace kernel_identity::binding {

/** A file name for the kernel, held on the stack. */
class PathArgument {
 public:
  const char* c_str() const { return text_; }

 private:
  friend class Arguments;

  // PATH_MAX counts the terminator, so the kernel answers ENAMETOOLONG for 4096 bytes and more. A longer
  // string arrives cut between two UTF-8 characters of up to four bytes, which still leaves at least 4096
  // bytes.
  static constexpr size_t kCapacity = 4096 + 8;

  char text_[kCapacity];
};

/** A text of any length. The usual few hundred bytes stay on the stack. */
class TextArgument {
 public:
  std::string_view view() const { return view_; }

 private:
  friend class Arguments;

  static constexpr size_t kCapacity = 4096;

  char small_[kCapacity];
  std::unique_ptr<char[]> large_;
  std::string_view view_;
};

/**
 * Checked access to the arguments of a call. Each function answers false, with a JavaScript exception
 * pending, for an argument of the wrong type or range. The caller then returns at once.
 */
class Arguments {
 public:
  explicit Arguments(const Napi::CallbackInfo& info) : info_(info) {}

  /** A process number, 1 to 2^31 - 1. */
  bool Pid(size_t index, const char* name, pid_t* pid) const;
  /** A file descriptor, 0 to 2^31 - 1. */
  bool Descriptor(size_t index, const char* name, int* fd) const;
  /** A count, 0 to 2^31 - 1. */
  bool Limit(size_t index, const char* name, size_t* limit) const;
  /** Milliseconds from 0 up, as nanoseconds; negative for Infinity and for anything above 3e12. */
  bool Timeout(size_t index, const char* name, int64_t* nanoseconds) const;
  /** Milliseconds above 0, at most 2^31 - 1, as nanoseconds. */
  bool Interval(size_t index, const char* name, int64_t* nanoseconds) const;
  /** A ticket that an earlier call answered: an integer from 0 to 2^53 - 1. */
  bool Ticket(size_t index, const char* name, uint64_t* ticket) const;
  /** A 64-bit number in the form that DecimalValue writes. */
  bool Decimal(size_t index, const char* name, uint64_t* number) const;
  bool Function(size_t index, const char* name, Napi::Function* function) const;
  /** A path: a string without NUL, because a NUL would cut it short in the kernel. */
  bool Path(size_t index, const char* name, PathArgument* path) const;
  /** One name within a directory. An empty name, or one with a slash, would lead elsewhere. */
  bool Name(size_t index, const char* name, PathArgument* entry) const;
  bool Text(size_t index, const char* name, TextArgument* text) const;
  bool IsText(size_t index, std::string_view text) const;
  bool IsUndefined(size_t index) const { return info_[index].IsUndefined(); }
  bool IsNull(size_t index) const { return info_[index].IsNull(); }

 private:
  bool Number(size_t index, const char* name, double* number) const;
  bool Integer(size_t index, const char* name, int minimum, const char* range, int* number) const;

  const Napi::CallbackInfo& info_;
};

/** The arguments (fd, device, inode): a descriptor, and the file it belonged to when it was opened. */
struct KnownFile {
  int fd = -1;
  uint64_t device = 0;
  uint64_t inode = 0;

  bool Take(const Arguments& arguments, size_t first) {
    return arguments.Descriptor(first, "fd", &fd) && arguments.Decimal(first + 1, "device", &device) &&
           arguments.Decimal(first + 2, "inode", &inode);
  }
};

}  // namespace kernel_identity::binding
