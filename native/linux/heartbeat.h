#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>

#include "listener.h"
#include "mutex.h"
#include "thread.h"
#include "thread_annotations.h"
#include "timer_queue.h"

namespace kernel_identity::system {

/**
 * One thread that touches files at intervals, to show that their owner lives. It is not the thread of the
 * {@link Watcher}, because leases are mostly for network filesystems: a touch can hang until a server comes
 * back, and reports of exits and changes must not hang with it.
 */
class Heartbeat {
 public:
  Heartbeat() = default;
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;
  ~Heartbeat();

  /** Call this first, and once. 0 or -errno. */
  int Start();

  /**
   * Touches the file every `interval` (nanoseconds, positive), for the first time after one interval. A touch
   * that fails is tried again. Notifies the listener and stops when the file has no name any more, or when no
   * touch has succeeded for `patience` (nanoseconds on CLOCK_BOOTTIME; negative: without end). The descriptor
   * stays the caller's, who must keep it open until {@link Remove}. Answers 0 and a ticket, or -errno.
   */
  int Add(int file, int64_t interval, int64_t patience, const Listener& lost, uint64_t* ticket);

  /**
   * Nanoseconds on CLOCK_BOOTTIME since the last touch that succeeded began, also while one hangs. Zero for a
   * ticket that is over.
   */
  int64_t SinceTouch(uint64_t ticket);

  /**
   * After the call nothing is touched or notified for this ticket: a touch under way is waited for. A number
   * that is no ticket, or no longer one, is ignored.
   */
  void Remove(uint64_t ticket);

 private:
  struct File {
    int fd;
    // These show whether the number still means the same file, because another file must not be touched.
    dev_t device;
    ino_t inode;
  };

  struct Beat {
    File file;
    int64_t interval;
    int64_t patience;
    /** When the last touch that succeeded began. An observer cannot have seen it before. */
    int64_t touched_at;
    Listener lost;
  };

  /** What came of a touch. `kGone`: the descriptor leads to no file, to another, or to one without a name. */
  enum class Outcome { kTouched, kFailed, kGone };

  static Outcome Touch(const File& file);
  static Outcome WriteFirstByteAgain(int fd);

  void Run();
  /** Touches the first file whose beat is due; false when none is. */
  bool BeatNext();
  /** Schedules the next touch after one that `began` then. False when the lease is lost. */
  bool Continue(uint64_t ticket, Beat* beat, Outcome outcome, int64_t began) REQUIRES(mutex_);
  int TimerDescriptor();

  /** The thread holds this during each touch. Do not take it while you hold the other mutex. */
  Mutex touching_ ACQUIRED_BEFORE(mutex_);
  Mutex mutex_;
  std::map<uint64_t, Beat> beats_ GUARDED_BY(mutex_);
  TimerQueue queue_ GUARDED_BY(mutex_);
  /** The ticket whose file is being touched; 0 when none is. */
  uint64_t touched_ GUARDED_BY(mutex_) = 0;
  uint64_t last_ticket_ GUARDED_BY(mutex_) = 0;
  bool stopping_ GUARDED_BY(mutex_) = false;
  Thread thread_;
};

}  // namespace kernel_identity::system
