#include "repeated_looks.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <limits>

namespace kernel_identity::system {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kFirstDelay = 1'000'000;
constexpr int64_t kLongestDelay = 60 * kSecond;
constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

int64_t Now() {
  struct timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * kSecond + now.tv_nsec;
}

}  // namespace

int RepeatedLooks::Open() {
  timer_ = UniqueFd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer_.valid()) return -errno;
  armed_ = kNever;
  return 0;
}

void RepeatedLooks::Start(uint64_t ticket) {
  End(ticket);
  Schedule(ticket, Now(), kFirstDelay);
  ArmTimer();
}

void RepeatedLooks::End(uint64_t ticket) {
  const auto found = looks_.find(ticket);
  if (found == looks_.end()) return;
  by_time_.erase({found->second.due, ticket});
  looks_.erase(found);
}

void RepeatedLooks::TakeDue(std::vector<uint64_t>* tickets) {
  const int64_t now = Now();
  while (!by_time_.empty() && by_time_.begin()->first <= now) {
    const uint64_t ticket = by_time_.begin()->second;
    const int64_t delay = looks_[ticket].delay * 2;
    End(ticket);
    tickets->push_back(ticket);
    if (delay <= kLongestDelay) Schedule(ticket, now, delay);
  }
  // Read, or it stays readable. It may have gone off for a look that has been ended since.
  uint64_t expirations = 0;
  (void)!::read(timer_.get(), &expirations, sizeof expirations);
  armed_ = kNever;
  ArmTimer();
}

void RepeatedLooks::Schedule(uint64_t ticket, int64_t now, int64_t delay) {
  const Look look = {.due = now + delay, .delay = delay};
  looks_[ticket] = look;
  by_time_.emplace(look.due, ticket);
}

void RepeatedLooks::ArmTimer() {
  if (by_time_.empty() || by_time_.begin()->first >= armed_) return;
  armed_ = by_time_.begin()->first;
  struct itimerspec time = {};
  time.it_value = {.tv_sec = armed_ / kSecond, .tv_nsec = armed_ % kSecond};
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &time, nullptr);
}

}  // namespace kernel_identity::system
