#include "lifeline_watch.h"

#include <unistd.h>

#include <atomic>
#include <utility>

#include "clock.h"

namespace kernel_identity::system {
namespace {

/** The one ticket of the timer. */
constexpr uint64_t kTest = 0;

void Report(LifelineReport* report) {
  if (int32_t** const word = std::get_if<int32_t*>(report)) {
    std::atomic_ref(**word).store(1, std::memory_order_release);
  } else if (const Listener* const listener = std::get_if<Listener>(report)) {
    listener->Notify();
  } else if (UniqueFd* const signal = std::get_if<UniqueFd>(report)) {
    // The thread blocks SIGPIPE, which the call raises when nobody reads any more.
    const char one = 1;
    (void)!::write(signal->get(), &one, sizeof one);
  }
}

}  // namespace

LifelineWatch::LifelineWatch(ChangeWatch* changes)
    : changes_(changes), pace_(static_cast<uint32_t>(Now(CLOCK_MONOTONIC))) {
  watches_.fill(-1);
}

void LifelineWatch::Add(uint64_t ticket, const Lifeline& lifeline, LifelineReport report) {
  watched_.emplace(ticket, Watched{lifeline, std::move(report)});
  pace_.Wake(Now(CLOCK_MONOTONIC));
  // The watch of its file starts before the first test of it, so that no end falls between the two.
  Listen();
  timer_.Schedule(kTest, 0);
}

void LifelineWatch::Remove(uint64_t ticket) {
  if (watched_.erase(ticket) > 0 && watched_.empty()) Schedule();
}

void LifelineWatch::OnTimer() {
  const bool is_due = timer_.TakeDue().has_value();
  // There may be nothing to read, because another thread has set the timer again in the meantime.
  uint64_t expirations = 0;
  (void)!::read(timer_.descriptor(), &expirations, sizeof expirations);
  timer_.Rearm();
  if (!is_due) return;
  if (pace_.Wake(Now(CLOCK_MONOTONIC))) Listen();
  TestAll();
}

void LifelineWatch::OnEvent() {
  const int64_t now = Now(CLOCK_MONOTONIC);
  pace_.OnEvent(now);
  if (!pace_.listens()) StopListening();
  if (pace_.next() <= now) {
    TestAll();
  } else {
    Schedule();
  }
}

void LifelineWatch::TestAll() {
  Lifelines& lifelines = Lifelines::OfProcess();
  // The clock counts the time of this thread alone: a thread that others kept from running has not worked.
  const int64_t before = Now(CLOCK_THREAD_CPUTIME_ID);
  for (auto next = watched_.begin(); next != watched_.end();) {
    const auto current = next++;
    if (lifelines.Test(current->second.lifeline) != LockState::kFree) continue;
    Report(&current->second.report);
    watched_.erase(current);
  }
  pace_.OnTested(Now(CLOCK_MONOTONIC), Now(CLOCK_THREAD_CPUTIME_ID) - before);
  Schedule();
}

void LifelineWatch::Listen() {
  if (!pace_.listens()) return;
  for (const auto& [ticket, watched] : watched_) {
    int& watch = watches_[static_cast<size_t>(watched.lifeline.space)];
    if (watch >= 0) continue;
    const int added = changes_->opened()
                          ? Lifelines::OfProcess().AddWatch(changes_->descriptor(), watched.lifeline.space)
                          : -1;
    if (added < 0) {
      pace_.OnDeaf(Now(CLOCK_MONOTONIC));
      StopListening();
      return;
    }
    changes_->Add(added, kEventTicket, changes_->removals());
    watch = added;
  }
}

void LifelineWatch::StopListening() {
  for (int& watch : watches_) {
    if (watch >= 0) changes_->Remove(watch, kEventTicket);
    watch = -1;
  }
}

void LifelineWatch::Schedule() {
  if (!watched_.empty()) {
    timer_.Schedule(kTest, pace_.next() - Now(CLOCK_MONOTONIC));
  } else {
    timer_.Remove(kTest);
    StopListening();
  }
}

}  // namespace kernel_identity::system
