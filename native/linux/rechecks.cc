#include "rechecks.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"

namespace kernel_identity::system {
namespace {

constexpr int64_t kFirstPause = kSecond / 1000;
constexpr int64_t kLongestPause = 60 * kSecond;

}  // namespace

int Rechecks::Open() { return queue_.Open(CLOCK_MONOTONIC, TFD_NONBLOCK); }

void Rechecks::Start(uint64_t ticket) {
  pauses_[ticket] = kFirstPause;
  queue_.Schedule(ticket, kFirstPause);
}

void Rechecks::End(uint64_t ticket) {
  pauses_.erase(ticket);
  queue_.Remove(ticket);
}

void Rechecks::TakeDue(std::vector<uint64_t>* tickets) {
  while (const std::optional<uint64_t> ticket = queue_.TakeDue()) {
    tickets->push_back(*ticket);
    const int64_t pause = pauses_[*ticket] *= 2;
    if (pause <= kLongestPause) {
      queue_.Schedule(*ticket, pause);
    } else {
      pauses_.erase(*ticket);
    }
  }
  // A timer that is not read stays readable. There may be nothing to read, because another thread has set the
  // timer again in the meantime: hence TFD_NONBLOCK.
  uint64_t expirations = 0;
  (void)!::read(queue_.descriptor(), &expirations, sizeof expirations);
  queue_.Rearm();
}

}  // namespace kernel_identity::system
