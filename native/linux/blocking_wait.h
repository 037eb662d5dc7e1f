#pragma once

#include <cstdint>

namespace kernel_identity::system {

/** The answers of {@link BlockOn} besides -errno. */
enum Wakeup : int { kTimeout = 0, kChange = 1, kExit = 2 };

/** Lets a blocked thread ask at intervals whether its wait was cancelled, because nothing wakes it then. */
struct Cancellation {
  bool (*requested)(void* context);
  void* context;
};

/**
 * Blocks the calling thread until the monitor, or the pidfd (negative: none), is readable, but no longer than
 * `nanoseconds` (negative: for ever). Empties the monitor. Reports the exit when there are both an exit and a
 * change. Answers -ECANCELED within 200 ms of a cancellation (null: there can be none).
 */
int BlockOn(int monitor, int pidfd, int64_t nanoseconds, const Cancellation* cancellation);

}  // namespace kernel_identity::system
