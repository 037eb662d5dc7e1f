#include "watch.h"

namespace kernel_identity::thin {

Answer WatchEnd(uint32_t pid, Handler handler, void* context, Watch** watch) {
  Watch* const made = NewWatch(handler, context, ReportAndEnd);
  if (made == nullptr) return Answer::kShortage;
  // NOTE_EXIT. A process that has ended before is reported at once.
  return BeginWatching(made, DISPATCH_SOURCE_TYPE_PROC, pid, DISPATCH_PROC_EXIT, watch);
}

}  // namespace kernel_identity::thin
