#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>

namespace kernel_identity::system {

/**
 * One user's share in a service of which a process has at most one, with a thread of its own: started at the
 * first use, ended (its thread joined) when the last share goes. The main thread and every worker thread of
 * Node load the same copy of this library, and a thread for each of them would be a thread too many.
 */
template <typename Service>
class SharedService {
 public:
  SharedService() = default;
  SharedService(const SharedService&) = delete;
  SharedService& operator=(const SharedService&) = delete;
  ~SharedService() { Close(); }

  /** 0 or -errno; may be tried again. */
  int Open() {
    if (service_ != nullptr) return 0;
    const std::lock_guard lock(mutex_);
    if (running_ == nullptr) {
      auto created = std::make_unique<Service>();
      const int error = created->Start();
      if (error < 0) return error;
      running_ = created.release();
    }
    ++users_;
    service_ = running_;
    return 0;
  }

  void Close() {
    if (std::exchange(service_, nullptr) == nullptr) return;
    // Under the mutex: a service that starts meanwhile must not meet one that is still ending. The library
    // may be unloaded once the last environment has gone, hence not without joining.
    const std::lock_guard lock(mutex_);
    if (--users_ == 0) delete std::exchange(running_, nullptr);
  }

  Service* operator->() const { return service_; }
  Service* get() const { return service_; }

 private:
  // The one exception to "no globals that change", since it is the process that is to have one of these.
  // Nothing of it has a destructor: process.exit() runs those of globals while the thread is still at work.
  static inline constinit std::mutex mutex_;
  static inline constinit Service* running_ = nullptr;
  static inline constinit size_t users_ = 0;

  Service* service_ = nullptr;
};

}  // namespace kernel_identity::system
