#pragma once

#include <sys/types.h>
#include <time.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "listener.h"
#include "thread.h"
#include "unique_fd.h"

namespace kernel_identity::system {

/**
 * One thread that touches files at intervals, to show that their owner lives. It is not the {@link Watcher}:
 * leases are for network filesystems above all, where a touch can hang until a server comes back, and news of
 * exits and changes must not hang with it.
 */
class Heartbeat {
 public:
  Heartbeat() = default;
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;
  ~Heartbeat();

  /** To be called first, once: 0 or -errno. */
  int Start();

  /**
   * Touches the file from one interval (nanoseconds, positive) from now on. When that fails or the file has
   * no name any more, tells the listener and stops. The descriptor stays the caller's, until {@link Remove}.
   * 0, and a ticket, or -errno.
   */
  int Add(int file, int64_t interval, const Listener& lost, uint64_t* ticket);

  /**
   * After the call nothing is touched or told for this ticket: a touch under way is waited for. Any number
   * that is no (longer a) ticket is ignored.
   */
  void Remove(uint64_t ticket);

 private:
  struct File {
    int fd;
    // That the number still means the same file; the touch must not go to a stranger's.
    dev_t device;
    ino_t inode;
  };

  struct Beat {
    File file;
    int64_t interval;
    int64_t due;
    Listener lost;
  };

  static bool Touch(const File& file);

  void Run();
  /** Beats the first that is due; false: none is. */
  bool BeatNext();
  void Schedule(uint64_t ticket, Beat* beat);
  void Arm(int64_t when);
  int64_t Now() const;

  clockid_t clock_ = CLOCK_BOOTTIME;
  UniqueFd timer_;

  // Held by the thread during each touch; never asked for by somebody who holds the other one.
  std::mutex touching_;
  std::mutex mutex_;
  std::map<uint64_t, Beat> beats_;
  /** When which ticket is due, the next one first. */
  std::set<std::pair<int64_t, uint64_t>> schedule_;
  uint64_t touched_ = 0;
  uint64_t last_ticket_ = 0;
  /** When the timer goes off. */
  int64_t armed_ = 0;
  bool stopping_ = false;
  Thread thread_;
};

}  // namespace kernel_identity::system
