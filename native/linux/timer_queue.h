#pragma once

#include <time.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "clock.h"
#include "unique_fd.h"

namespace kernel_identity::system {

/**
 * Tickets that fall due at some time, and one timer for all of them (timerfd_create(2)). The owner waits
 * until the timer's descriptor is readable, takes all tickets that are due, and then calls {@link Rearm}.
 */
class TimerQueue {
 public:
  bool opened() const { return timer_.valid(); }
  /** `flags` are those of timerfd_create(2) besides TFD_CLOEXEC. 0 or -errno. */
  int Open(clockid_t clock, int flags);
  int descriptor() const { return timer_.get(); }
  /** The present time, by the clock of the timer. */
  int64_t Time() const { return Now(clock_); }

  /** Makes the ticket fall due `delay` nanoseconds from now, in place of any time set before. */
  void Schedule(uint64_t ticket, int64_t delay);

  /**
   * Takes the ticket out. The timer stays as it is, which saves a system call for every lock that is released
   * before its ticket falls due. The price is one wake-up for nothing.
   */
  void Remove(uint64_t ticket);

  /** Takes the first ticket out if it is due. */
  std::optional<uint64_t> TakeDue();

  /** Sets the timer to the first ticket that is left. Call this each time the timer has gone off. */
  void Rearm();

  /** Makes the timer go off at once. */
  void GoOff() { Arm(1); }

 private:
  void Arm(int64_t when);

  UniqueFd timer_;
  clockid_t clock_ = CLOCK_MONOTONIC;
  /** When each ticket falls due. */
  std::map<uint64_t, int64_t> due_;
  /** The same, the first one to fall due first. */
  std::set<std::pair<int64_t, uint64_t>> schedule_;
  /** When the timer goes off. */
  int64_t armed_ = kNever;
};

}  // namespace kernel_identity::system
