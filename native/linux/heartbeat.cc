#include "heartbeat.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "clock.h"
#include "lifelines.h"
#include "result.h"
#include "stat_calls.h"

namespace kernel_identity::system {
namespace {

// Pause after a touch that failed, unless the next one is due earlier.
constexpr int64_t kRetryPause = kSecond;

}  // namespace

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

int Heartbeat::Add(int file, int64_t interval, int64_t patience, const Listener& lost, uint64_t* ticket) {
  struct stat status;
  if (StatDescriptor(file, &status) < 0) return -errno;
  const MutexLock lock(&mutex_);
  const uint64_t next = ++last_ticket_;
  beats_[next] = {.file = {file, status.st_dev, status.st_ino},
                  .interval = interval,
                  .patience = patience,
                  .touched_at = queue_.Time(),
                  .lost = lost};
  queue_.Schedule(next, interval);
  *ticket = next;
  return 0;
}

int64_t Heartbeat::SinceTouch(uint64_t ticket) {
  const MutexLock lock(&mutex_);
  const auto found = beats_.find(ticket);
  return found == beats_.end() ? 0 : queue_.Time() - found->second.touched_at;
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
  const int64_t began = queue_.Time();
  touched_ = *ticket;
  lock.Unlock();
  Lifelines::OfProcess().KeepOwn();
  const Outcome outcome = Touch(file);
  lock.Lock();
  touched_ = 0;
  const auto found = beats_.find(*ticket);
  if (found == beats_.end()) return true;  // It was removed in the meantime.
  if (!Continue(*ticket, &found->second, outcome, began)) {
    found->second.lost.Notify();
    beats_.erase(found);
  }
  return true;
}

bool Heartbeat::Continue(uint64_t ticket, Beat* beat, Outcome outcome, int64_t began) {
  if (outcome == Outcome::kGone) return false;
  int64_t pause = beat->interval;
  if (outcome == Outcome::kTouched) {
    beat->touched_at = began;
  } else {
    pause = std::min(pause, kRetryPause);
    if (beat->patience >= 0) {
      const int64_t rest = beat->touched_at + beat->patience - queue_.Time();
      if (rest <= 0) return false;
      pause = std::min(pause, rest);
    }
  }
  // The pause runs from the end of the last touch, because a burst of touches would not make up for one that
  // hung.
  queue_.Schedule(ticket, pause);
  return true;
}

Heartbeat::Outcome Heartbeat::Touch(const File& file) {
  struct stat status;
  int result = ResultOf(StatDescriptor(file.fd, &status));
  if (result == 0) {
    if (status.st_dev != file.device || status.st_ino != file.inode || status.st_nlink == 0) {
      return Outcome::kGone;
    }
    // Without times futimens(2) sets both to the present, by the clock of the server or kernel that keeps the
    // filesystem.
    result = Uninterrupted([&] { return ::futimens(file.fd, nullptr); });
  }
  if (result == 0) return Outcome::kTouched;
  // A server that does not know the file any more answers ESTALE.
  if (result == -EBADF || result == -ESTALE) return Outcome::kGone;
  // Only the owner of a file may set its times, and a process that has given up its privileges is another
  // user by now. It may still write to a file that it opened before.
  if (result == -EPERM || result == -EACCES) return WriteFirstByteAgain(file.fd);
  return Outcome::kFailed;
}

Heartbeat::Outcome Heartbeat::WriteFirstByteAgain(int fd) {
  char byte = 0;
  if (::pread(fd, &byte, 1, 0) != 1 || ::pwrite(fd, &byte, 1, 0) != 1) return Outcome::kFailed;
  // On a network filesystem others see the new time only when the byte has been sent.
  return ::fdatasync(fd) == 0 ? Outcome::kTouched : Outcome::kFailed;
}

int Heartbeat::TimerDescriptor() {
  const MutexLock lock(&mutex_);
  return queue_.descriptor();
}

}  // namespace kernel_identity::system
