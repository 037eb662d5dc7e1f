#pragma once

#include <cstdint>

namespace kernel_identity::system {

/** What {@link BlockOn} answers, if not -errno. */
enum Wakeup : int { kTimeout = 0, kChange = 1, kExit = 2 };

/** Asked now and then whether to go on; for a thread that can be told to end only by something it has to look
 * at. */
struct Patience {
  bool (*lasts)(void* context);
  void* context;
};

/**
 * Blocks the calling thread until the monitor, or the pidfd (negative: none), is readable, for at most so
 * many nanoseconds (negative: for ever). Empties the monitor. An exit comes before a change where there are
 * both. With `patience` (null: endless) the answer is -ECANCELED soon after it ends.
 */
int BlockOn(int monitor, int pidfd, int64_t nanoseconds, const Patience* patience);

}  // namespace kernel_identity::system
