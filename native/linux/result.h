#pragma once

#include <cerrno>

namespace kernel_identity::system {

/**
 * The convention of this folder: a call answers zero or a value, or the negated errno. errno is read right
 * here, before any destructor gets the chance to make another system call.
 */
inline int ResultOf(int returned) { return returned < 0 ? -errno : returned; }

/**
 * Repeats a call that a signal interrupted. Only for calls that may be made twice: after an interrupted
 * rename on a network or FUSE filesystem nobody knows whether it happened, so those report EINTR to their
 * caller.
 */
template <typename Call>
int Uninterrupted(Call call) {
  for (;;) {
    const int result = ResultOf(call());
    if (result != -EINTR) return result;
  }
}

}  // namespace kernel_identity::system
