#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "mutex.h"
#include "thread_annotations.h"

namespace kernel_identity::system {

/**
 * One user's share in a service that runs a thread of its own, and of which a process has at most one. The
 * service is started at the first use, and ended (its thread joined) with the last share. The main thread and
 * every worker thread of Node load the same copy of this library; one thread of the service is enough for
 * all.
 */
template <typename Service>
class SharedService {
 public:
  SharedService() = default;
  SharedService(const SharedService&) = delete;
  SharedService& operator=(const SharedService&) = delete;
  ~SharedService() { Close(); }

  /** 0 or -errno. The call may be tried again after an error. */
  int Open() {
    if (service_ != nullptr) return 0;
    const MutexLock lock(&mutex_);
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
    // The mutex is held until the service has ended, because the next one must not start before that. The
    // thread is joined, because the library may be unloaded once the last environment has gone.
    const MutexLock lock(&mutex_);
    if (--users_ == 0) delete std::exchange(running_, nullptr);
  }

  Service* operator->() const { return service_; }
  Service* get() const { return service_; }

 private:
  // These are the one exception to "no globals that change", because the service is one per process. None of
  // them has a destructor: process.exit() runs destructors of globals while the thread is still at work.
  static inline constinit Mutex mutex_;
  static inline constinit Service* running_ GUARDED_BY(mutex_) = nullptr;
  static inline constinit size_t users_ GUARDED_BY(mutex_) = 0;

  Service* service_ = nullptr;
};

}  // namespace kernel_identity::system
