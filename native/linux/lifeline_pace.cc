#include "lifeline_pace.h"

#include <algorithm>

namespace kernel_identity::system {
namespace {

constexpr int64_t kMillisecond = kSecond / 1000;

/** More events than this within a second are too many. */
constexpr int kMostEvents = 20;

// The kernel reports that a file was closed before it drops the locks on it (__fput in fs/file_table.c), and
// on one processor the watcher may run in between. So a test follows 1, 2, 4, ... ms after the test before.
constexpr int64_t kFirstPause = kMillisecond;
constexpr int64_t kLastPause = 64 * kMillisecond;
/** The pause after these tests, in case an event was lost. */
constexpr int64_t kSafetyPause = kSecond;

constexpr int64_t kPollPause = 50 * kMillisecond;
// How long the thread polls before it listens again. The time doubles while there are still too many events.
constexpr int64_t kShortestQuiet = kSecond;
constexpr int64_t kLongestQuiet = 64 * kSecond;
/** A thread that could listen for this long starts again with the shortest time. */
constexpr int64_t kSettled = 10 * kSecond;

/** The tests take at most one part in so many of a processor, however many lifelines there are. */
constexpr int64_t kRestPerCost = 250;
/** So that a clock that jumps, as when a virtual machine stands still, does not put the thread to sleep. */
constexpr int64_t kLongestRest = 4 * kSecond;

}  // namespace

bool LifelinePace::Wake(int64_t now) {
  if (listens_ || now < listen_again_) return false;
  listens_ = true;
  listening_since_ = now;
  counted_since_ = now;
  events_ = 0;
  pause_ = kFirstPause;
  next_ = std::max(now, rest_until_);
  return true;
}

void LifelinePace::OnEvent(int64_t now) {
  if (!listens_) return;
  if (now - counted_since_ > kSecond) {
    counted_since_ = now;
    events_ = 0;
  }
  if (++events_ > kMostEvents) Poll(now);
  pause_ = kFirstPause;
  next_ = std::max(now, rest_until_);
}

void LifelinePace::OnDeaf(int64_t now) { Poll(now); }

void LifelinePace::OnTested(int64_t now, int64_t cost) {
  rest_until_ = now + std::min(cost * kRestPerCost, kLongestRest);
  int64_t pause = kSafetyPause;
  if (!listens_) {
    pause = Vary(kPollPause);
  } else if (pause_ <= kLastPause) {
    pause = pause_;
    pause_ *= 2;
  }
  next_ = std::max(now + pause, rest_until_);
}

void LifelinePace::Poll(int64_t now) {
  if (quiet_ == 0 || now - listening_since_ > kSettled) quiet_ = kShortestQuiet;
  listens_ = false;
  listen_again_ = now + Vary(quiet_);
  quiet_ = std::min(2 * quiet_, kLongestQuiet);
}

int64_t LifelinePace::Vary(int64_t duration) {
  // The constants are those of a linear congruential generator; its upper bits are random enough here.
  random_ = random_ * 1664525 + 1013904223;
  const auto thousandths = static_cast<int64_t>((random_ >> 16) % 401) - 200;
  return duration + duration / 1000 * thousandths;
}

}  // namespace kernel_identity::system
