#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "unique_fd.h"

namespace kernel_identity::system {

/**
 * Knows which ticket waits for changes of which directory or file. All of them share one inotify instance,
 * because a user may have only 128 instances by default.
 *
 * A ticket is added in three steps, so that the owner can release its lock during the second: read
 * descriptor() and removals(), add a watch to that inotify instance, call Add.
 */
class ChangeWatch {
 public:
  bool opened() const { return inotify_.valid(); }
  /** 0 or -errno. */
  int Open();
  /** Poll this descriptor; it is readable when {@link Read} has tickets to report. */
  int descriptor() const { return inotify_.get(); }
  /** How many watches were removed so far. */
  uint64_t removals() const { return removals_; }

  /**
   * Lets a ticket wait for the watch that the kernel has just answered. `removals` is the number from before
   * that call. False: the watch may have been removed since, so add it to the inotify instance once more.
   */
  bool Add(int watch, uint64_t ticket, uint64_t removals);
  void Remove(int watch, uint64_t ticket);

  /** Reads all events from the kernel and appends the tickets that wait for them, some perhaps repeatedly. */
  void Read(std::vector<uint64_t>* tickets);

 private:
  UniqueFd inotify_;
  std::map<int, std::vector<uint64_t>> waiting_;
  uint64_t removals_ = 0;
};

}  // namespace kernel_identity::system
