#include "subscriptions.h"

#include <cerrno>
#include <utility>

#include "values.h"

namespace kernel_identity::binding {

int Subscriptions::AddExit(Napi::Object words, int pidfd, int32_t* word, uint64_t* ticket) {
  return AddWord(&system::Watcher::WatchExit, words, pidfd, word, ticket);
}

int Subscriptions::AddRelease(Napi::Object words, int file, int32_t* word, uint64_t* ticket) {
  return AddWord(&system::Watcher::WatchRelease, words, file, word, ticket);
}

int Subscriptions::AddWord(int (system::Watcher::*watch)(int, int32_t*, uint64_t*), Napi::Object words,
                           int fd, int32_t* word, uint64_t* ticket) {
  const int opened = watcher_.Open();
  if (opened < 0) return opened;
  uint64_t system_ticket = 0;
  const int added = (watcher_.get()->*watch)(fd, word, &system_ticket);
  if (added < 0) return added;
  *ticket = ++last_ticket_;
  Remember(*ticket, Kind::kWord, system_ticket, words);
  return 0;
}

int Subscriptions::AddLifeline(Napi::Object words, const system::Lifeline& lifeline, int32_t* word,
                               uint64_t* ticket) {
  const int opened = watcher_.Open();
  if (opened < 0) return opened;
  uint64_t system_ticket = 0;
  const int added = watcher_->WatchLifeline(lifeline, word, &system_ticket);
  if (added < 0) return added;
  *ticket = ++last_ticket_;
  Remember(*ticket, Kind::kWord, system_ticket, words);
  return 0;
}

int Subscriptions::AddLifelineEnd(Napi::Function wake, const system::Lifeline& lifeline, uint64_t* ticket) {
  int opened = OpenCallbacks(wake.Env());
  if (opened == 0) opened = watcher_.Open();
  if (opened < 0) return opened;
  const uint64_t next = ++last_ticket_;
  uint64_t system_ticket = 0;
  const int added = watcher_->WatchLifeline(lifeline, ListenerFor(next), &system_ticket);
  if (added < 0) return added;
  *ticket = next;
  Remember(next, Kind::kWait, system_ticket, wake);
  return 0;
}

int Subscriptions::OpenLifelineSignal(const system::Lifeline& lifeline, system::UniqueFd* signal) {
  const int opened = watcher_.Open();
  return opened < 0 ? opened : watcher_->OpenLifelineSignal(lifeline, signal);
}

int Subscriptions::AddLockChange(Napi::Function wake, int directory, int pidfd, uint64_t* ticket) {
  return AddChange(Kind::kWait, wake, directory, pidfd, ticket);
}

int Subscriptions::AddOwnLockChange(Napi::Function changed, int directory, uint64_t* ticket) {
  return AddChange(Kind::kNotice, changed, directory, -1, ticket);
}

int Subscriptions::AddChange(Kind kind, Napi::Function wake, int directory, int pidfd, uint64_t* ticket) {
  int opened = OpenCallbacks(wake.Env());
  if (opened == 0) opened = watcher_.Open();
  if (opened < 0) return opened;
  const uint64_t next = ++last_ticket_;
  uint64_t system_ticket = 0;
  const int added = watcher_->WatchLock(directory, pidfd, ListenerFor(next), &system_ticket);
  if (added < 0) return added;
  *ticket = next;
  Remember(next, kind, system_ticket, wake);
  return 0;
}

int Subscriptions::AddLease(Napi::Function lost, int file, int64_t interval, int64_t patience,
                            uint64_t* ticket) {
  int opened = OpenCallbacks(lost.Env());
  if (opened == 0) opened = heartbeat_.Open();
  if (opened < 0) return opened;
  const uint64_t next = ++last_ticket_;
  uint64_t system_ticket = 0;
  const int added = heartbeat_->Add(file, interval, patience, ListenerFor(next), &system_ticket);
  if (added < 0) return added;
  *ticket = next;
  Remember(next, Kind::kLease, system_ticket, lost);
  return 0;
}

int64_t Subscriptions::SinceTouch(uint64_t ticket) {
  const auto found = subscriptions_.find(ticket);
  if (found == subscriptions_.end() || found->second.kind != Kind::kLease) return 0;
  return heartbeat_->SinceTouch(found->second.system_ticket);
}

void Subscriptions::End(uint64_t ticket) {
  const auto found = subscriptions_.find(ticket);
  if (found == subscriptions_.end()) return;
  EndInSystem(found->second);
  const bool waited = found->second.kind == Kind::kWait;
  subscriptions_.erase(found);
  if (waited && --waits_ == 0) napi_unref_threadsafe_function(env_, wake_);
}

int Subscriptions::OpenCallbacks(napi_env env) {
  if (wake_ != nullptr) return 0;
  napi_threadsafe_function wake = nullptr;
  const auto deliver = [](napi_env running, napi_value, void* self, void*) {
    // The environment is null while it is being torn down.
    if (running != nullptr) static_cast<Subscriptions*>(self)->Deliver(running);
  };
  if (napi_create_threadsafe_function(env, nullptr, nullptr, TextValue(env, "kernel-identity"), 0, 1, nullptr,
                                      nullptr, this, deliver, &wake) != napi_ok) {
    return -ENOMEM;
  }
  napi_unref_threadsafe_function(env, wake);
  // Node frees the function in a cleanup hook of its own, even if a thread still uses it. Hooks run in
  // reverse order, so this later one makes sure that no thread uses the function by then.
  napi_add_env_cleanup_hook(
      env, [](void* self) { static_cast<Subscriptions*>(self)->EndAll(); }, this);
  env_ = env;
  wake_ = wake;
  return 0;
}

system::Listener Subscriptions::ListenerFor(uint64_t ticket) {
  return {.call = Post, .context = this, .key = ticket};
}

void Subscriptions::Remember(uint64_t ticket, Kind kind, uint64_t system_ticket, Napi::Object kept) {
  subscriptions_.emplace(ticket, Subscription{kind, system_ticket, Napi::Persistent(kept)});
  if (kind == Kind::kWait && ++waits_ == 1) napi_ref_threadsafe_function(env_, wake_);
}

void Subscriptions::EndInSystem(const Subscription& subscription) {
  if (subscription.kind == Kind::kLease) {
    heartbeat_->Remove(subscription.system_ticket);
  } else {
    watcher_->Cancel(subscription.system_ticket);
  }
}

void Subscriptions::EndAll() {
  for (const auto& [ticket, subscription] : subscriptions_) EndInSystem(subscription);
  subscriptions_.clear();
  watcher_.Close();
  heartbeat_.Close();
}

void Subscriptions::Post(void* self, uint64_t ticket) {
  auto* const subscriptions = static_cast<Subscriptions*>(self);
  const system::MutexLock lock(&subscriptions->mutex_);
  const bool idle = subscriptions->posted_.empty();
  subscriptions->posted_.insert(ticket);
  // If other tickets were there already, a call is under way that has not taken them yet.
  if (idle) napi_call_threadsafe_function(subscriptions->wake_, nullptr, napi_tsfn_nonblocking);
}

void Subscriptions::Deliver(Napi::Env env) {
  std::set<uint64_t> posted;
  {
    const system::MutexLock lock(&mutex_);
    posted.swap(posted_);
  }
  for (const uint64_t ticket : posted) Call(env, ticket);
}

void Subscriptions::Call(Napi::Env env, uint64_t ticket) {
  // There is no subscription if it ended in the meantime, perhaps in a function that was called just before.
  const auto found = subscriptions_.find(ticket);
  if (found == subscriptions_.end()) return;
  const Napi::HandleScope scope(env);
  napi_value const function = found->second.kept.Value();
  // A lease is lost only once.
  if (found->second.kind == Kind::kLease) subscriptions_.erase(found);
  napi_value receiver = nullptr;
  napi_value result = nullptr;
  napi_get_undefined(env, &receiver);
  if (napi_call_function(env, receiver, function, 0, nullptr, &result) != napi_pending_exception) return;
  // Node 20 would only print a warning about an exception that is left pending, and the functions that follow
  // could not be called.
  napi_value error = nullptr;
  if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
}

}  // namespace kernel_identity::binding
