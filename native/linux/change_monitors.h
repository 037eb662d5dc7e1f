#pragma once

#include <map>

#include "unique_fd.h"

namespace kernel_identity::system {

/**
 * Inotify instances for those who block until something changes in one lock directory. Closing an instance
 * takes a millisecond or more, in which the kernel waits for all processors, and whoever has just got a lock
 * would wait with it. So one that is given back is kept for the next.
 */
class ChangeMonitors {
 public:
  /** A descriptor that becomes readable with every change in the directory, or -errno. */
  int Open(int directory);

  /** Takes a monitor back; false: it is none, or not needed, and still to be closed. */
  bool TakeBack(int fd);

  /** The number is not a monitor's (any more). */
  void Forget(int fd) { watches_.erase(fd); }

 private:
  /** What each one that was given out watches. */
  std::map<int, int> watches_;
  UniqueFd spare_;
};

}  // namespace kernel_identity::system
