#pragma once

#include <mutex>

#include "thread_annotations.h"

namespace kernel_identity::system {

/** std::mutex, which libstdc++ does not annotate. */
class CAPABILITY("mutex") Mutex {
 public:
  constexpr Mutex() = default;

  void Lock() ACQUIRE() { mutex_.lock(); }
  void Unlock() RELEASE() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

/** Holds a mutex until the end of its scope, except between a call of Unlock and one of Lock. */
class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex* mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex->Lock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;
  ~MutexLock() RELEASE() {
    if (locked_) mutex_->Unlock();
  }

  void Lock() ACQUIRE() {
    mutex_->Lock();
    locked_ = true;
  }

  void Unlock() RELEASE() {
    mutex_->Unlock();
    locked_ = false;
  }

 private:
  Mutex* const mutex_;
  bool locked_ = true;
};

}  // namespace kernel_identity::system
