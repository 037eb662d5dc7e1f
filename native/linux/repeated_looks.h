#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "unique_fd.h"

namespace kernel_identity::system {

/**
 * When to look again at what was not yet as an event had announced it: 1, 2, 4, ... ms later, and after a
 * minute no more. That is 16 looks, most of them in the first tenth of a second; afterwards nobody wakes up.
 * Guarded by the lock of its owner.
 */
class RepeatedLooks {
 public:
  bool opened() const { return timer_.valid(); }
  /** 0 or -errno. */
  int Open();
  /** To be polled; readable when {@link TakeDue} has something to tell. */
  int descriptor() const { return timer_.get(); }

  /** Something happened just now. */
  void Start(uint64_t ticket);
  void End(uint64_t ticket);

  /** Appends the tickets that are due, and fixes the next look of each. */
  void TakeDue(std::vector<uint64_t>* tickets);

 private:
  struct Look {
    /** Nanoseconds on CLOCK_MONOTONIC. */
    int64_t due;
    /** The time since the look before, which doubles. */
    int64_t delay;
  };

  void Schedule(uint64_t ticket, int64_t now, int64_t delay);
  void ArmTimer();

  UniqueFd timer_;
  std::map<uint64_t, Look> looks_;
  std::set<std::pair<int64_t, uint64_t>> by_time_;
  /** When the timer goes off. */
  int64_t armed_ = 0;
};

}  // namespace kernel_identity::system
