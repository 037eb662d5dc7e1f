#pragma once

#include <cerrno>

namespace kernel_identity::system {

/**
 * The convention of this folder is that a call answers zero, a value, or the negated errno. errno is read
 * here, before a destructor can make another system call.
 */
inline int ResultOf(int returned) { return returned < 0 ? -errno : returned; }

/**
 * Whether a call failed because descriptors, memory or room for a lock have run out, perhaps for a moment
 * only. Such an error says nothing about what was asked. So it must neither be remembered nor pass for an
 * answer.
 */
constexpr bool IsShortage(int error) {
  return error == -EMFILE || error == -ENFILE || error == -ENOMEM || error == -ENOLCK;
}

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
