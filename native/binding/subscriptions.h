#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>

#include "../linux/heartbeat.h"
#include "../linux/lifelines.h"
#include "../linux/listener.h"
#include "../linux/mutex.h"
#include "../linux/shared_service.h"
#include "../linux/thread_annotations.h"
#include "../linux/unique_fd.h"
#include "../linux/watcher.h"

namespace kernel_identity::binding {

/**
 * Everything that one environment asked the threads of native/linux to watch or to touch, and the way back
 * from those threads into its event loop. Tickets belong to one environment: those of another mean nothing
 * here.
 */
class Subscriptions {
 public:
  Subscriptions() = default;
  Subscriptions(const Subscriptions&) = delete;
  Subscriptions& operator=(const Subscriptions&) = delete;
  ~Subscriptions() { EndAll(); }

  // Each of these answers 0 and a ticket, or -errno.

  /** `word` points into `words`, which is kept from being collected until {@link End}. */
  int AddExit(Napi::Object words, int pidfd, int32_t* word, uint64_t* ticket);
  /** Keeps `words` like {@link AddExit}. */
  int AddRelease(Napi::Object words, int file, int32_t* word, uint64_t* ticket);
  /** Keeps `words` like {@link AddExit}. */
  int AddLifeline(Napi::Object words, const system::Lifeline& lifeline, int32_t* word, uint64_t* ticket);
  /** Calls `wake` once. Keeps the event loop alive until {@link End}. */
  int AddLifelineEnd(Napi::Function wake, const system::Lifeline& lifeline, uint64_t* ticket);
  /** Keeps the event loop alive until {@link End}. */
  int AddLockChange(Napi::Function wake, int directory, int pidfd, uint64_t* ticket);
  /** The same for the owner of the lock: does not keep the event loop alive. */
  int AddOwnLockChange(Napi::Function changed, int directory, uint64_t* ticket);
  /** `interval` and `patience` are in nanoseconds: see {@link system::Heartbeat::Add}. */
  int AddLease(Napi::Function lost, int file, int64_t interval, int64_t patience, uint64_t* ticket);
  /** See {@link system::Heartbeat::SinceTouch}. */
  int64_t SinceTouch(uint64_t ticket);

  /** See {@link system::Watcher::OpenLifelineSignal}. The watch has no ticket: close the descriptor. 0 or
   * -errno. */
  int OpenLifelineSignal(const system::Lifeline& lifeline, system::UniqueFd* signal);

  /** After the call nothing is written, touched or called for the ticket. One that has ended is ignored. */
  void End(uint64_t ticket);

 private:
  /** A wait keeps the event loop alive, and a notice does not. */
  enum class Kind { kWord, kWait, kNotice, kLease };

  struct Subscription {
    Kind kind;
    /** The ticket of the watcher or of the heartbeat. */
    uint64_t system_ticket;
    /** The function to call, or the array that is written to. */
    Napi::ObjectReference kept;
  };

  int AddWord(int (system::Watcher::*watch)(int, int32_t*, uint64_t*), Napi::Object words, int fd,
              int32_t* word, uint64_t* ticket);
  int AddChange(Kind kind, Napi::Function wake, int directory, int pidfd, uint64_t* ticket);
  int OpenCallbacks(napi_env env);
  system::Listener ListenerFor(uint64_t ticket);
  void Remember(uint64_t ticket, Kind kind, uint64_t system_ticket, Napi::Object kept);
  void EndInSystem(const Subscription& subscription);
  void EndAll();

  /** May be called in any thread. Makes the event loop call {@link Deliver}. */
  static void Post(void* self, uint64_t ticket);
  /** The event loop calls this. */
  void Deliver(Napi::Env env);
  void Call(Napi::Env env, uint64_t ticket);

  system::SharedService<system::Watcher> watcher_;
  system::SharedService<system::Heartbeat> heartbeat_;
  std::map<uint64_t, Subscription> subscriptions_;
  uint64_t last_ticket_ = 0;
  /** How many subscriptions keep the event loop alive. */
  size_t waits_ = 0;
  napi_env env_ = nullptr;
  napi_threadsafe_function wake_ = nullptr;

  system::Mutex mutex_;
  /** The tickets that {@link Deliver} has to call; each once, however many events there were. */
  std::set<uint64_t> posted_ GUARDED_BY(mutex_);
};

}  // namespace kernel_identity::binding
