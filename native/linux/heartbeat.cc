#include "heartbeat.h"

#include <sys/stat.h>

#include <cerrno>
#include <optional>

#include "lifelines.h"
#include "result.h"
#include "stat_calls.h"

namespace kernel_identity::system {

Heartbeat::~Heartbeat() {
  {
    const MutexLock lock(&mutex_);
    stopping_ = true;
    if (queue_.opened()) queue_.GoOff();
  }
  thread_.Join();
}

int Heartbeat::Start() {
  {
    const MutexLock lock(&mutex_);
    // CLOCK_BOOTTIME runs on while the machine is suspended. A beat that fell due in the meantime comes at
    // once on resume, and reports whether the lock was lost. Sandboxes may not have this clock.
    int opened = queue_.Open(CLOCK_BOOTTIME, 0);
    if (opened == -EINVAL) opened = queue_.Open(CLOCK_MONOTONIC, 0);
    if (opened < 0) return opened;
  }
  return thread_.Start(
      [](void* self) -> void* {
        Thread::SetName("kernel-id-lease");
        static_cast<Heartbeat*>(self)->Run();
        return nullptr;
      },
      this);
}

int Heartbeat::Add(int file, int64_t interval, const Listener& lost, uint64_t* ticket) {
  struct stat status;
  if (StatDescriptor(file, &status) < 0) return -errno;
  const MutexLock lock(&mutex_);
  const uint64_t next = ++last_ticket_;
  beats_[next] = {.file = {file, status.st_dev, status.st_ino}, .interval = interval, .lost = lost};
  queue_.Schedule(next, interval);
  *ticket = next;
  return 0;
}

void Heartbeat::Remove(uint64_t ticket) {
  {
    const MutexLock lock(&mutex_);
    if (beats_.erase(ticket) == 0) return;
    queue_.Remove(ticket);
    if (touched_ != ticket) return;
  }
  const MutexLock until_done(&touching_);
}

void Heartbeat::Run() {
  const int timer = TimerDescriptor();
  for (;;) {
    uint64_t expirations = 0;
    // Blocks until the timer goes off. This includes a timer that another thread sets in the meantime.
    const int result = ResultOf(static_cast<int>(::read(timer, &expirations, sizeof expirations)));
    // Any error but EINTR means that other code in this process closed our descriptor.
    if (result < 0 && result != -EINTR) return;
    while (BeatNext()) {
    }
    const MutexLock lock(&mutex_);
    if (stopping_) return;
    queue_.Rearm();
  }
}

bool Heartbeat::BeatNext() {
  const MutexLock touching(&touching_);
  MutexLock lock(&mutex_);
  if (stopping_) return false;
  const std::optional<uint64_t> ticket = queue_.TakeDue();
  if (!ticket) return false;
  const File file = beats_.at(*ticket).file;
  touched_ = *ticket;
  lock.Unlock();
  Lifelines::OfProcess().KeepOwn();
  const bool alive = Touch(file);
  lock.Lock();
  touched_ = 0;
  const auto found = beats_.find(*ticket);
  if (found == beats_.end()) return true;  // It was removed in the meantime.
  if (alive) {
    // The interval runs from the end of the last beat, because a burst of beats would not make up for one
    // that hung.
    queue_.Schedule(*ticket, found->second.interval);
  } else {
    found->second.lost.Notify();
    beats_.erase(found);
  }
  return true;
}

bool Heartbeat::Touch(const File& file) {
  struct stat status;
  if (StatDescriptor(file.fd, &status) < 0) return false;
  if (status.st_dev != file.device || status.st_ino != file.inode || status.st_nlink == 0) return false;
  // Without times futimens(2) sets both to the present, by the clock of the server or kernel that keeps the
  // filesystem.
  return Uninterrupted([&] { return ::futimens(file.fd, nullptr); }) == 0;
}

int Heartbeat::TimerDescriptor() {
  const MutexLock lock(&mutex_);
  return queue_.descriptor();
}

}  // namespace kernel_identity::system
