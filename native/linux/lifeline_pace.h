#pragma once

#include <cstdint>

#include "clock.h"

namespace kernel_identity::system {

/**
 * Decides when a thread tests the lifelines that it watches, and whether the kernel is to report events to
 * it. It reads no clock: `now` is a time of CLOCK_MONOTONIC.
 *
 * The kernel reports each close of a namespace's file by anyone, so every birth and death on the kernel wakes
 * every watcher, and every watcher makes each close slower (0.8 ms at 100 of them). The events are therefore
 * wanted only as long as they are few. When they are many, the thread polls, and tries after a while whether
 * it is quiet again.
 */
class LifelinePace {
 public:
  /** `seed` varies the pauses, so that the watchers of a kernel do not poll in step. */
  explicit LifelinePace(uint32_t seed) : random_(seed) {}

  /** Call this when a lifeline is to be watched, and at the time {@link next}. True: it listens from now on.
   */
  bool Wake(int64_t now);
  /** Call this when a file was closed, however many events there were at once. */
  void OnEvent(int64_t now);
  /** Call this when events are wanted and there is no inotify instance, or no /proc to watch through. */
  void OnDeaf(int64_t now);
  /** Call this after all lifelines were tested, which took `cost` of processor time. */
  void OnTested(int64_t now, int64_t cost);

  /** Whether the kernel is to report events. */
  bool listens() const { return listens_; }
  /** When the lifelines are to be tested next. */
  int64_t next() const { return next_; }

 private:
  void Poll(int64_t now);
  /** A duration that is up to a fifth longer or shorter. */
  int64_t Vary(int64_t duration);

  bool listens_ = false;
  int64_t next_ = 0;
  /** The pause after the next test while the thread listens. It doubles every time. */
  int64_t pause_ = 0;
  /** No test before this time, so that the tests take a small share of a processor. */
  int64_t rest_until_ = 0;
  int64_t listening_since_ = 0;
  int64_t listen_again_ = 0;
  /** For how long the thread polls before it listens again. */
  int64_t quiet_ = 0;
  /** Events are counted from this time on. */
  int64_t counted_since_ = 0;
  int events_ = 0;
  uint32_t random_;
};

}  // namespace kernel_identity::system
