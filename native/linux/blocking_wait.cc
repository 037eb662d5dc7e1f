#include "blocking_wait.h"

#include <poll.h>

#include <cerrno>

#include "clock.h"
#include "inotify.h"
#include "result.h"

namespace kernel_identity::system {
namespace {

// Asking for a cancellation five times a second costs a thread nothing that could be measured.
constexpr int64_t kSlice = kSecond / 5;

}  // namespace

int BlockOn(int monitor, int pidfd, int64_t nanoseconds, const Cancellation* cancellation) {
  const int64_t deadline = nanoseconds < 0 ? kNever : Now(CLOCK_MONOTONIC) + nanoseconds;
  for (;;) {
    // poll(2) ignores an entry with a negative descriptor.
    struct pollfd entries[] = {{monitor, POLLIN, 0}, {pidfd, POLLIN, 0}};
    const int64_t now = Now(CLOCK_MONOTONIC);
    int64_t left = deadline > now ? deadline - now : 0;
    const bool sliced = cancellation != nullptr && left > kSlice;
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
    if (cancellation != nullptr && cancellation->requested(cancellation->context)) return -ECANCELED;
  }
}

}  // namespace kernel_identity::system
