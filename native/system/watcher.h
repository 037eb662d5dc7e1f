#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include "change_watch.h"
#include "listener.h"
#include "thread.h"
#include "unique_fd.h"

namespace kernel_identity::system {

/**
 * One thread that waits, with epoll(7), for the exit of processes and for changes in lock directories,
 * whoever in this process wants to know of them. It sleeps until the kernel has something to tell.
 */
class Watcher {
 public:
  Watcher() = default;
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  ~Watcher();

  /** To be called first, once: 0 or -errno. */
  int Start();

  /**
   * Writes 1 into the word, as an atomic release, once the process of the pidfd has exited. 0, and a ticket
   * for
   * {@link Cancel}, or -errno. The descriptor may be closed afterwards.
   */
  int WatchExit(int pidfd, int32_t* word, uint64_t* ticket);

  /** Tells the listener of every change in the directory, and (pidfd not negative) of that exit. As above. */
  int WatchLock(int directory, int pidfd, const Listener& listener, uint64_t* ticket);

  /** Nothing is written or told for this ticket after the call. Any number that is no (longer a) ticket is
   * ignored. */
  void Cancel(uint64_t ticket);

 private:
  struct Subscription {
    /** A duplicate; empty once the exit was reported. */
    UniqueFd pidfd;
    /** Null: there is a listener. */
    int32_t* word = nullptr;
    Listener listener = {};
    /** Of the directory; negative: none. */
    int watch = -1;
  };

  void Run();
  void ReportExit(uint64_t ticket);
  void ReportChanges();
  int OpenChanges();
  int AddToEpoll(int fd, uint64_t key);
  void StopWaitingFor(UniqueFd* fd);

  UniqueFd epoll_;
  UniqueFd stop_;
  // Held whenever the thread is not asleep: what happens under it happens wholly before or after a Cancel.
  std::mutex mutex_;
  std::map<uint64_t, Subscription> subscriptions_;
  ChangeWatch changes_;
  std::vector<uint64_t> changed_;
  uint64_t last_ticket_ = 0;
  Thread thread_;
};

}  // namespace kernel_identity::system
