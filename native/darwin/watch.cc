#include "watch.h"

#include <unistd.h>

namespace kernel_identity::thin {
namespace {

/** Nanoseconds. It takes microseconds; a caller in the event loop must not wait for ever if it fails. */
constexpr int64_t kLongestRegistration = 1000000000;

void CloseFile(Watch* watch) {
  if (watch->file >= 0) close(watch->file);
  watch->file = -1;
}

void Disown(Watch* watch) {
  if (__atomic_sub_fetch(&watch->owners, 1, __ATOMIC_ACQ_REL) > 0) return;
  if (watch->timer != nullptr) dispatch_release(watch->timer);
  if (watch->source != nullptr) dispatch_release(watch->source);
  if (watch->registered != nullptr) dispatch_release(watch->registered);
  dispatch_release(watch->queue);
  CloseFile(watch);
  Free(watch);
}

void OnRegistered(void* context) { dispatch_semaphore_signal(static_cast<Watch*>(context)->registered); }

void OnEvent(void* context) {
  auto* const watch = static_cast<Watch*>(context);
  if (watch->handler != nullptr) watch->on_event(watch);
}

/** Only here may the descriptor be closed (dispatch_source_create(3)), and the source touches nothing more.
 */
void OnCancelled(void* context) {
  auto* const watch = static_cast<Watch*>(context);
  CloseFile(watch);
  Disown(watch);
}

void CancelSources(Watch* watch) {
  if (watch->timer != nullptr) dispatch_source_cancel(watch->timer);
  if (watch->source != nullptr) dispatch_source_cancel(watch->source);
}

void End(void* context) { static_cast<Watch*>(context)->handler = nullptr; }

}  // namespace

Watch* NewWatch(Handler handler, void* context, void (*on_event)(Watch* watch)) {
  auto* const watch = static_cast<Watch*>(Allocate(sizeof(Watch)));
  if (watch == nullptr) return nullptr;
  watch->queue = dispatch_queue_create("kernel-identity", nullptr);
  if (watch->queue == nullptr) {
    Free(watch);
    return nullptr;
  }
  watch->file = -1;
  watch->on_event = on_event;
  watch->handler = handler;
  watch->context = context;
  watch->owners = 1;
  return watch;
}

Answer BeginWatching(Watch* made, dispatch_source_type_t type, uintptr_t subject, uintptr_t events,
                     Watch** watch) {
  made->registered = dispatch_semaphore_create(0);
  if (made->registered != nullptr) {
    made->source = dispatch_source_create(type, subject, events, made->queue);
  }
  if (made->source == nullptr) {
    StopWatching(made);
    return Answer::kShortage;
  }
  made->owners = 2;
  dispatch_set_context(made->source, made);
  dispatch_source_set_registration_handler_f(made->source, OnRegistered);
  dispatch_source_set_event_handler_f(made->source, OnEvent);
  dispatch_source_set_cancel_handler_f(made->source, OnCancelled);
  dispatch_resume(made->source);
  // The kernel may hear of the source only after dispatch_resume() has returned.
  const dispatch_time_t end = dispatch_time(DISPATCH_TIME_NOW, kLongestRegistration);
  if (dispatch_semaphore_wait(made->registered, end) != 0) {
    StopWatching(made);
    return Answer::kShortage;
  }
  *watch = made;
  return Answer::kOk;
}

void Report(Watch* watch) { watch->handler(watch->context); }

void ReportAndEnd(Watch* watch) {
  const Handler handler = watch->handler;
  watch->handler = nullptr;
  CancelSources(watch);
  handler(watch->context);
}

void StopWatching(Watch* watch) {
  CancelSources(watch);
  // The queue runs one function at a time. So the handler is not running any more when this one has run, and
  // is not called again.
  dispatch_sync_f(watch->queue, watch, End);
  Disown(watch);
}

}  // namespace kernel_identity::thin
