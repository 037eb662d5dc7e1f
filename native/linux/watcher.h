#pragma once

#include <sys/epoll.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "change_watch.h"
#include "lifeline_watch.h"
#include "listener.h"
#include "mutex.h"
#include "rechecks.h"
#include "thread.h"
#include "thread_annotations.h"
#include "unique_fd.h"

namespace kernel_identity::system {

/**
 * One thread that waits, with epoll(7), for the exit of processes, for witnesses and lifelines to become free
 * and for changes in lock directories, on behalf of every JavaScript thread of this process. It sleeps until
 * the kernel reports an event.
 */
class Watcher {
 public:
  Watcher() = default;
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  ~Watcher();

  /** Call this first, and once. 0 or -errno. */
  int Start();

  /**
   * Writes 1 into the word, as an atomic release, once the process of the pidfd has exited. Answers 0 and a
   * ticket for {@link Cancel}, or -errno. The descriptor may be closed afterwards.
   */
  int WatchExit(int pidfd, int32_t* word, uint64_t* ticket);

  /**
   * Writes 1 into the word once no process holds the witness on the file. Locks must be testable on the file.
   * Otherwise like {@link WatchExit}.
   */
  int WatchRelease(int file, int32_t* word, uint64_t* ticket);

  /**
   * Notifies the listener of every change in the directory and, unless `pidfd` is negative, of the exit of
   * that process. Otherwise like {@link WatchExit}.
   */
  int WatchLock(int directory, int pidfd, const Listener& listener, uint64_t* ticket);

  /**
   * Reports once that no process holds the lifeline, also if none does now. -ENOTSUP where it cannot be
   * tested. Otherwise like {@link WatchExit}.
   */
  int WatchLifeline(const Lifeline& lifeline, LifelineReport report, uint64_t* ticket);

  /**
   * Makes a descriptor that becomes readable once no process holds the lifeline. The watch ends when the
   * descriptor is closed. 0 or -errno.
   */
  int OpenLifelineSignal(const Lifeline& lifeline, UniqueFd* signal);

  /** After the call nothing is written or notified for this ticket. A number that is no ticket is ignored. */
  void Cancel(uint64_t ticket);

 private:
  struct Subscription {
    /** A duplicate; empty once the exit was reported. */
    UniqueFd pidfd;
    /** A duplicate of the file with the witness. */
    UniqueFd file;
    /** Null when there is a listener. */
    int32_t* word = nullptr;
    Listener listener = {};
    /** The inotify watch on the directory or file; negative when there is none. */
    int watch = -1;
  };
  using Subscriptions = std::map<uint64_t, Subscription>;

  void Run();
  void ReportExit(uint64_t ticket) REQUIRES(mutex_);
  void ReportChanges() REQUIRES(mutex_);
  void Recheck() REQUIRES(mutex_);
  /** Writes the word, and ends the subscription, if the witness is free. */
  bool CheckWitness(Subscriptions::iterator subscription) REQUIRES(mutex_);
  void WriteWord(Subscriptions::iterator subscription) REQUIRES(mutex_);
  void End(Subscriptions::iterator subscription) REQUIRES(mutex_);
  /**
   * Adds a ticket to {@link changes_}; `watch` is WatchDirectory or WatchWriters. A watch descriptor or
   * -errno. Releases the lock while it calls the kernel.
   */
  int AddWatch(int (*watch)(int inotify, int fd), int fd, uint64_t ticket) REQUIRES(mutex_);
  int OpenChanges() REQUIRES(mutex_);
  int OpenRechecks() REQUIRES(mutex_);
  int OpenLifelines() REQUIRES(mutex_);
  int AddToEpoll(int fd, uint64_t key, uint32_t events = EPOLLIN);
  void StopWaitingFor(UniqueFd* fd);

  UniqueFd epoll_;
  UniqueFd stop_;
  /** The thread holds this while it is awake, so its work is done wholly before a Cancel or wholly after. */
  Mutex mutex_;
  Subscriptions subscriptions_ GUARDED_BY(mutex_);
  ChangeWatch changes_ GUARDED_BY(mutex_);
  Rechecks rechecks_ GUARDED_BY(mutex_);
  LifelineWatch lifelines_ GUARDED_BY(mutex_){&changes_};
  /** Scratch space of the thread. */
  std::vector<uint64_t> tickets_ GUARDED_BY(mutex_);
  uint64_t last_ticket_ GUARDED_BY(mutex_) = 0;
  Thread thread_;
};

}  // namespace kernel_identity::system
