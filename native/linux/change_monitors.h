#pragma once

#include <map>

#include "unique_fd.h"

namespace kernel_identity::system {

/**
 * Inotify instances for threads that block until something changes in one lock directory. Closing an instance
 * takes a millisecond or more, because the kernel waits for all processors, and a caller that has just got a
 * lock would have to wait as well. So one instance that was given back is kept for the next waiter.
 */
class ChangeMonitors {
 public:
  /** A descriptor that becomes readable at every change in the directory, or -errno. */
  int Open(int directory);

  /** Takes a monitor back. False when it is no monitor, or is not needed: the caller then closes it. */
  bool TakeBack(int fd);

  /** Call this when the number turns out not to be a monitor's, or no longer. */
  void Forget(int fd) { watches_.erase(fd); }

 private:
  /** The watch of each monitor that was given out. */
  std::map<int, int> watches_;
  UniqueFd spare_;
};

}  // namespace kernel_identity::system
