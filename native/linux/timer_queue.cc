#include "timer_queue.h"

#include <sys/timerfd.h>

#include <cerrno>

namespace kernel_identity::system {

int TimerQueue::Open(clockid_t clock, int flags) {
  timer_ = UniqueFd(::timerfd_create(clock, TFD_CLOEXEC | flags));
  if (!timer_.valid()) return -errno;
  clock_ = clock;
  return 0;
}

void TimerQueue::Schedule(uint64_t ticket, int64_t delay) {
  Remove(ticket);
  const int64_t due = Now(clock_) + delay;
  due_[ticket] = due;
  schedule_.emplace(due, ticket);
  if (due < armed_) Arm(due);
}

void TimerQueue::Remove(uint64_t ticket) {
  const auto found = due_.find(ticket);
  if (found == due_.end()) return;
  schedule_.erase({found->second, ticket});
  due_.erase(found);
}

std::optional<uint64_t> TimerQueue::TakeDue() {
  if (schedule_.empty() || schedule_.begin()->first > Now(clock_)) return std::nullopt;
  const uint64_t ticket = schedule_.begin()->second;
  Remove(ticket);
  return ticket;
}

void TimerQueue::Rearm() {
  armed_ = kNever;
  if (!schedule_.empty()) Arm(schedule_.begin()->first);
}

void TimerQueue::Arm(int64_t when) {
  armed_ = when;
  struct itimerspec time = {};
  time.it_value = TimespecOf(when);
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &time, nullptr);
}

}  // namespace kernel_identity::system
