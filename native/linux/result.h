#pragma once

#include <cerrno>

namespace kernel_identity::system {

/**
 * The convention of this folder is that a call answers zero, a value, or the negated errno. errno is read
 * here, before a destructor can make another system call.
 */
inline int ResultOf(int returned) { return returned < 0 ? -errno : returned; }

/**
 * Repeats a call that a signal interrupted. Use it only for calls that may be made twice. After an
 * interrupted rename on a network or FUSE filesystem, for example, it is unknown whether the rename happened,
 * so that call reports EINTR to its caller.
 */
template <typename Call>
int Uninterrupted(Call call) {
  for (;;) {
    const int result = ResultOf(call());
    if (result != -EINTR) return result;
  }
}

}  // namespace kernel_identity::system
