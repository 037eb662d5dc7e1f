#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "timer_queue.h"

namespace kernel_identity::system {

/**
 * Schedules re-checks after an event whose effect cannot be seen yet: 1, 2, 4, ... ms after the check before,
 * and none once the pause would exceed a minute. That is 16 re-checks, most of them in the first tenth of a
 * second; afterwards nothing wakes the thread.
 */
class Rechecks {
 public:
  bool opened() const { return queue_.opened(); }
  /** 0 or -errno. */
  int Open();
  /** Poll this descriptor; it is readable when {@link TakeDue} has tickets to report. */
  int descriptor() const { return queue_.descriptor(); }

  /** Starts with the shortest pause, because an event has just come. */
  void Start(uint64_t ticket);
  void End(uint64_t ticket);

  /** Appends the tickets that are due, and schedules the next re-check of each. */
  void TakeDue(std::vector<uint64_t>* tickets);

 private:
  TimerQueue queue_;
  /** The pause before the next re-check of each ticket, in nanoseconds. It doubles every time. */
  std::map<uint64_t, int64_t> pauses_;
};

}  // namespace kernel_identity::system
