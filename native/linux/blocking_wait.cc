#include "blocking_wait.h"

#include <poll.h>
#include <time.h>

#include <cerrno>
#include <limits>

#include "inotify.h"
#include "result.h"

namespace kernel_identity::system {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
// Five looks a second cost a thread nothing that could be measured.
constexpr int64_t kSlice = kSecond / 5;

int64_t Now() {
  struct timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * kSecond + now.tv_nsec;
}

struct timespec TimespecOf(int64_t nanoseconds) {
  return {.tv_sec = static_cast<time_t>(nanoseconds / kSecond),
          .tv_nsec = static_cast<long>(nanoseconds % kSecond)};
}

}  // namespace

int BlockOn(int monitor, int pidfd, int64_t nanoseconds, const Patience* patience) {
  const int64_t deadline = nanoseconds < 0 ? kNever : Now() + nanoseconds;
  for (;;) {
    // A negative descriptor is passed over (poll(2)).
    struct pollfd entries[] = {{monitor, POLLIN, 0}, {pidfd, POLLIN, 0}};
    const int64_t now = Now();
    int64_t left = deadline > now ? deadline - now : 0;
    const bool sliced = patience != nullptr && left > kSlice;
    if (sliced) left = kSlice;
    const struct timespec timeout = TimespecOf(left);
    const bool endless = !sliced && deadline == kNever;
    const int result = ResultOf(::ppoll(entries, 2, endless ? nullptr : &timeout, nullptr));
    if (result > 0) {
      if (((entries[0].revents | entries[1].revents) & POLLNVAL) != 0) return -EBADF;
      if (entries[0].revents != 0) DiscardEvents(monitor);
      return entries[1].revents != 0 ? kExit : kChange;
    }
    if (result == 0 && !sliced) return kTimeout;
    if (result < 0 && result != -EINTR) return result;
    if (patience != nullptr && !patience->lasts(patience->context)) return -ECANCELED;
  }
}

}  // namespace kernel_identity::system
