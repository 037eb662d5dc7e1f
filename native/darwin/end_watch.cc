#include <dispatch/dispatch.h>

#include "../thin/kernel.h"

namespace kernel_identity::thin {

/** A source of libdispatch, which waits for NOTE_EXIT of kqueue(2) in a thread that it has anyway. */
struct EndWatch {
  dispatch_queue_t queue;
  dispatch_source_t source;
  EndHandler handler;
  void* context;
};

namespace {

void OnEvent(void* context) {
  const auto* const watch = static_cast<const EndWatch*>(context);
  // One event is enough, and the handler runs once.
  dispatch_source_cancel(watch->source);
  watch->handler(watch->context);
}

void Nothing(void*) {}

void Release(EndWatch* watch) {
  if (watch->source != nullptr) dispatch_release(watch->source);
  if (watch->queue != nullptr) dispatch_release(watch->queue);
  Free(watch);
}

}  // namespace

Answer WatchEnd(uint32_t pid, EndHandler handler, void* context, EndWatch** watch) {
  auto* const made = static_cast<EndWatch*>(Allocate(sizeof(EndWatch)));
  if (made == nullptr) return Answer::kShortage;
  made->handler = handler;
  made->context = context;
  made->queue = dispatch_queue_create("kernel-identity", nullptr);
  if (made->queue != nullptr) {
    made->source = dispatch_source_create(DISPATCH_SOURCE_TYPE_PROC, pid, DISPATCH_PROC_EXIT, made->queue);
  }
  if (made->source == nullptr) {
    Release(made);
    return Answer::kShortage;
  }
  dispatch_set_context(made->source, made);
  dispatch_source_set_event_handler_f(made->source, OnEvent);
  // It reports at once what has ended before.
  dispatch_resume(made->source);
  *watch = made;
  return Answer::kOk;
}

void StopWatching(EndWatch* watch) {
  dispatch_source_cancel(watch->source);
  // The queue runs one function at a time. So the handler is not running any more when this one has run, and
  // a source that is cancelled does not begin anew.
  dispatch_sync_f(watch->queue, nullptr, Nothing);
  Release(watch);
}

}  // namespace kernel_identity::thin
