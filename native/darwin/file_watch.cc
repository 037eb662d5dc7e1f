#include <errno.h>
#include <fcntl.h>
#include <sys/event.h>

#include "watch.h"

namespace kernel_identity::thin {
namespace {

/**
 * XNU reports that a lock of flock(2) was dropped after it was, also by a last close or a kill (vn_closefile
 * and VNOP_ADVLOCK; macOS 10.12).
 */
constexpr uintptr_t kUnlocked = DISPATCH_VNODE_FUNLOCK;
/** A release renames the file. */
constexpr uintptr_t kChanged = DISPATCH_VNODE_RENAME | DISPATCH_VNODE_DELETE | DISPATCH_VNODE_REVOKE;
static_assert(DISPATCH_VNODE_FUNLOCK == NOTE_FUNLOCK && DISPATCH_VNODE_RENAME == NOTE_RENAME &&
              DISPATCH_VNODE_DELETE == NOTE_DELETE && DISPATCH_VNODE_REVOKE == NOTE_REVOKE);

/**
 * Nanoseconds. The witness is tested 1, 2, 4, ... ms after an event, and no more once the pause would exceed
 * a minute.
 */
constexpr int64_t kFirstPause = 1000000;
constexpr int64_t kLongestPause = 60000000000;

void TestLater(Watch* watch) {
  if (watch->pause > kLongestPause) return;
  const dispatch_time_t start = dispatch_time(DISPATCH_TIME_NOW, watch->pause);
  dispatch_source_set_timer(watch->timer, start, DISPATCH_TIME_FOREVER, 0);
  watch->pause *= 2;
}

void TestNow(Watch* watch) {
  // Once it is free, every test that plain Node makes drops a lock as well, and would wake those whose own
  // test it was.
  if (watch->is_free) return;
  watch->is_free = TestWitness(watch->file) == LockState::kFree;
  if (!watch->is_free) {
    TestLater(watch);
  } else if (watch->reports_changes) {
    Report(watch);
  } else {
    ReportAndEnd(watch);
  }
}

/** Runs in the queue. */
void Test(void* context) {
  auto* const watch = static_cast<Watch*>(context);
  if (watch->handler != nullptr) TestNow(watch);
}

void OnEvent(Watch* watch) {
  const uintptr_t events = dispatch_source_get_data(watch->source);
  if (watch->reports_changes && (events & kChanged) != 0) Report(watch);
  watch->pause = kFirstPause;
  TestNow(watch);
}

/** Makes what the watch needs beside its source. */
Answer Prepare(Watch* made, int descriptor) {
  made->file = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (made->file < 0) return errno == EBADF ? Answer::kHidden : Answer::kShortage;
  made->timer = dispatch_source_create(DISPATCH_SOURCE_TYPE_TIMER, 0, 0, made->queue);
  if (made->timer == nullptr) return Answer::kShortage;
  dispatch_set_context(made->timer, made);
  dispatch_source_set_event_handler_f(made->timer, Test);
  dispatch_resume(made->timer);
  made->pause = kFirstPause;
  return Answer::kOk;
}

Answer WatchFileFor(bool reports_changes, int descriptor, Handler handler, void* context, Watch** watch) {
  Watch* const made = NewWatch(handler, context, OnEvent);
  if (made == nullptr) return Answer::kShortage;
  made->reports_changes = reports_changes;
  const Answer prepared = Prepare(made, descriptor);
  if (prepared != Answer::kOk) {
    StopWatching(made);
    return prepared;
  }
  const auto subject = static_cast<uintptr_t>(made->file);
  const Answer begun = BeginWatching(made, DISPATCH_SOURCE_TYPE_VNODE, subject, kUnlocked | kChanged, watch);
  // The witness may have been dropped before the kernel knew of the watch.
  if (begun == Answer::kOk) dispatch_async_f(made->queue, made, Test);
  return begun;
}

}  // namespace

Answer WatchFile(int descriptor, Handler handler, void* context, Watch** watch) {
  return WatchFileFor(true, descriptor, handler, context, watch);
}

Answer WatchRelease(int descriptor, Handler handler, void* context, Watch** watch) {
  return WatchFileFor(false, descriptor, handler, context, watch);
}

}  // namespace kernel_identity::thin
