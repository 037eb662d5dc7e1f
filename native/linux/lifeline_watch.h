#pragma once

#include <sys/timerfd.h>

#include <array>
#include <cstdint>
#include <map>
#include <variant>

#include "change_watch.h"
#include "lifeline_pace.h"
#include "lifelines.h"
#include "listener.h"
#include "timer_queue.h"
#include "unique_fd.h"

namespace kernel_identity::system {

/**
 * How the end of a lifeline is reported, once: by a 1 that is written into the word as an atomic release, by
 * a call, or by a byte in the pipe whose writing end this is.
 */
using LifelineReport = std::variant<int32_t*, Listener, UniqueFd>;

/**
 * Keeps which ticket waits for which lifeline, and tests the lifelines when {@link LifelinePace} says so. All
 * of them share one inotify watch of their namespace's file. Only {@link Lifelines::Test} says that one is
 * free, never an event: those of a namespace's file come for every process that closes it.
 */
class LifelineWatch {
 public:
  /** The ticket of all lifelines together in `changes`, through which the kernel reports events. */
  static constexpr uint64_t kEventTicket = 0;

  /** `changes` need not be open. Without it the lifelines are polled. */
  explicit LifelineWatch(ChangeWatch* changes);

  bool opened() const { return timer_.opened(); }
  /** 0 or -errno. */
  int Open() { return timer_.Open(CLOCK_MONOTONIC, TFD_NONBLOCK); }
  void Close() { timer_ = TimerQueue(); }
  /** Poll this descriptor; call {@link OnTimer} when it is readable. */
  int descriptor() const { return timer_.descriptor(); }

  /** Also reports a lifeline that is free already. */
  void Add(uint64_t ticket, const Lifeline& lifeline, LifelineReport report);
  /** Nothing is reported afterwards. A number that is no ticket of this object is ignored. */
  void Remove(uint64_t ticket);

  void OnTimer();
  /** Call this when `changes` answers with {@link kEventTicket}. */
  void OnEvent();

 private:
  struct Watched {
    Lifeline lifeline;
    LifelineReport report;
  };

  void TestAll();
  /** Has the kernel report the closes of the files in question, if the pace wants them. */
  void Listen();
  void StopListening();
  /** Sets the timer, if anything is left to be watched. */
  void Schedule();

  ChangeWatch* const changes_;
  TimerQueue timer_;
  LifelinePace pace_;
  std::map<uint64_t, Watched> watched_;
  /** The inotify watch of each space; negative: none. */
  std::array<int, kLifelineSpaces> watches_;
};

}  // namespace kernel_identity::system
