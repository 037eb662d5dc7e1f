#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include "change_watch.h"
#include "listener.h"
#include "repeated_looks.h"
#include "thread.h"
#include "unique_fd.h"

namespace kernel_identity::system {

/**
 * One thread that waits, with epoll(7), for the exit of processes, for witnesses to become free and for
 * changes in lock directories, whoever in this process wants to know of them. It sleeps until the kernel has
 * something to tell.
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

  /**
   * Writes 1 into the word once nobody holds the witness on the file, which must be one on which locks may be
   * tested. As above.
   */
  int WatchRelease(int file, int32_t* word, uint64_t* ticket);

  /** Tells the listener of every change in the directory, and (pidfd not negative) of that exit. As above. */
  int WatchLock(int directory, int pidfd, const Listener& listener, uint64_t* ticket);

  /** Nothing is written or told for this ticket after the call. Any number that is no (longer a) ticket is
   * ignored. */
  void Cancel(uint64_t ticket);

 private:
  struct Subscription {
    /** A duplicate; empty once the exit was reported. */
    UniqueFd pidfd;
    /** A duplicate of the file with the witness. */
    UniqueFd file;
    /** Null: there is a listener. */
    int32_t* word = nullptr;
    Listener listener = {};
    /** Of the directory or file; negative: none. */
    int watch = -1;
  };
  using Subscriptions = std::map<uint64_t, Subscription>;

  void Run();
  void ReportExit(uint64_t ticket);
  void ReportChanges();
  void LookAgain();
  /** Writes the word, and ends the subscription, if the witness is free. */
  bool Look(Subscriptions::iterator subscription);
  void WriteWord(Subscriptions::iterator subscription);
  void End(Subscriptions::iterator subscription);
  int OpenChanges();
  int OpenLooks();
  int AddToEpoll(int fd, uint64_t key);
  void StopWaitingFor(UniqueFd* fd);

  UniqueFd epoll_;
  UniqueFd stop_;
  // Held whenever the thread is not asleep: what happens under it happens wholly before or after a Cancel.
  std::mutex mutex_;
  Subscriptions subscriptions_;
  ChangeWatch changes_;
  RepeatedLooks looks_;
  /** Scratch space of the thread. */
  std::vector<uint64_t> tickets_;
  uint64_t last_ticket_ = 0;
  Thread thread_;
};

}  // namespace kernel_identity::system
