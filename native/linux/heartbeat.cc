#include "heartbeat.h"

#include <sys/stat.h>
#include <sys/timerfd.h>

#include <cerrno>
#include <limits>

#include "result.h"
#include "stat_calls.h"

namespace kernel_identity::system {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

}  // namespace

Heartbeat::~Heartbeat() {
  if (timer_.valid()) {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    Arm(1);
  }
  thread_.Join();
}

int Heartbeat::Start() {
  // CLOCK_BOOTTIME runs on while the machine is suspended: a beat that fell due meanwhile, which also tells
  // whether the lock was lost, comes at once on resume. Sandboxes may not have it.
  timer_ = UniqueFd(::timerfd_create(clock_, TFD_CLOEXEC));
  if (!timer_.valid() && errno == EINVAL) {
    clock_ = CLOCK_MONOTONIC;
    timer_ = UniqueFd(::timerfd_create(clock_, TFD_CLOEXEC));
  }
  if (!timer_.valid()) return -errno;
  armed_ = kNever;
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
  const std::lock_guard lock(mutex_);
  const uint64_t next = ++last_ticket_;
  Beat& beat = beats_[next];
  beat = {.file = {file, status.st_dev, status.st_ino}, .interval = interval, .due = 0, .lost = lost};
  Schedule(next, &beat);
  if (beat.due < armed_) Arm(beat.due);
  *ticket = next;
  return 0;
}

void Heartbeat::Remove(uint64_t ticket) {
  std::unique_lock lock(mutex_);
  const auto found = beats_.find(ticket);
  if (found == beats_.end()) return;
  schedule_.erase({found->second.due, ticket});
  beats_.erase(found);
  if (touched_ != ticket) return;
  lock.unlock();
  const std::lock_guard until_done(touching_);
}

void Heartbeat::Run() {
  for (;;) {
    uint64_t expirations = 0;
    // Blocks until the timer goes off, also one that another thread sets meanwhile.
    const int result = ResultOf(static_cast<int>(::read(timer_.get(), &expirations, sizeof expirations)));
    // Anything but EINTR means that somebody closed a descriptor that is not theirs.
    if (result < 0 && result != -EINTR) return;
    while (BeatNext()) {
    }
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    // Taking a beat away does not disturb the timer. So a lock that is taken and given back within an
    // interval does not wake this thread, and what it left behind is one wake-up too many, here.
    Arm(schedule_.empty() ? kNever : schedule_.begin()->first);
  }
}

bool Heartbeat::BeatNext() {
  const std::lock_guard touching(touching_);
  std::unique_lock lock(mutex_);
  if (stopping_ || schedule_.empty() || schedule_.begin()->first > Now()) return false;
  const uint64_t ticket = schedule_.begin()->second;
  const File file = beats_.at(ticket).file;
  touched_ = ticket;
  lock.unlock();
  const bool alive = Touch(file);
  lock.lock();
  touched_ = 0;
  const auto found = beats_.find(ticket);
  if (found == beats_.end()) return true;  // Taken away meanwhile.
  Beat& beat = found->second;
  schedule_.erase({beat.due, ticket});
  if (alive) {
    Schedule(ticket, &beat);
  } else {
    beat.lost.Tell();
    beats_.erase(found);
  }
  return true;
}

bool Heartbeat::Touch(const File& file) {
  struct stat status;
  if (StatDescriptor(file.fd, &status) < 0) return false;
  if (status.st_dev != file.device || status.st_ino != file.inode || status.st_nlink == 0) return false;
  // Both times to the present, by the clock of whoever keeps the filesystem.
  return Uninterrupted([&] { return ::futimens(file.fd, nullptr); }) == 0;
}

// The interval runs from the end of the last beat: one that hung is not made up for by a burst.
void Heartbeat::Schedule(uint64_t ticket, Beat* beat) {
  beat->due = Now() + beat->interval;
  schedule_.emplace(beat->due, ticket);
}

void Heartbeat::Arm(int64_t when) {
  armed_ = when;
  struct itimerspec timer = {};  // All zero: it never goes off.
  if (when != kNever) {
    timer.it_value.tv_sec = static_cast<time_t>(when / kSecond);
    timer.it_value.tv_nsec = static_cast<long>(when % kSecond);
  }
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &timer, nullptr);
}

int64_t Heartbeat::Now() const {
  struct timespec now = {};
  ::clock_gettime(clock_, &now);
  return static_cast<int64_t>(now.tv_sec) * kSecond + now.tv_nsec;
}

}  // namespace kernel_identity::system
