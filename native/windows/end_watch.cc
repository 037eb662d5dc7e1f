#include "process.h"

namespace kernel_identity::thin {

struct Watch {
  HANDLE process;
  /** The wait of the thread pool of the process. */
  HANDLE wait;
  Handler handler;
  void* context;
};

namespace {

void CALLBACK OnSignal(void* parameter, BOOLEAN /*has_timed_out*/) {
  const auto* const watch = static_cast<const Watch*>(parameter);
  watch->handler(watch->context);
}

}  // namespace

Answer WatchEnd(uint32_t pid, Handler handler, void* context, Watch** watch) {
  HANDLE opened = nullptr;
  const Answer answer = OpenProcessOf(pid, &opened);
  if (answer != Answer::kOk) return answer;
  Handle process(opened);
  auto* const made = static_cast<Watch*>(Allocate(sizeof(Watch)));
  if (made == nullptr) return Answer::kShortage;
  made->process = process.get();
  made->handler = handler;
  made->context = context;
  // The handler is short, so it may run in the thread that waits, without a change of threads.
  if (!RegisterWaitForSingleObject(&made->wait, made->process, OnSignal, made, INFINITE,
                                   WT_EXECUTEONLYONCE | WT_EXECUTEINWAITTHREAD)) {
    Free(made);
    return Answer::kShortage;
  }
  process.Release();
  *watch = made;
  return Answer::kOk;
}

Answer WatchFile(int /*descriptor*/, Handler /*handler*/, void* /*context*/, Watch** /*watch*/) {
  return Answer::kUnsupported;
}

Answer WatchRelease(int /*descriptor*/, Handler /*handler*/, void* /*context*/, Watch** /*watch*/) {
  return Answer::kUnsupported;
}

void StopWatching(Watch* watch) {
  // INVALID_HANDLE_VALUE: it returns when the handler is not running any more.
  UnregisterWaitEx(watch->wait, INVALID_HANDLE_VALUE);
  CloseHandle(watch->process);
  Free(watch);
}

}  // namespace kernel_identity::thin
