#pragma once

#include <dispatch/dispatch.h>

#include "../thin/kernel.h"

namespace kernel_identity::thin {

/**
 * A source of libdispatch, which waits for kqueue(2) in a thread that the system has anyway. Everything that
 * follows an event runs in the queue, one function at a time.
 *
 * The caller owns it until {@link StopWatching}, and the source until it is cancelled, which may come first:
 * whoever is last frees it.
 */
struct Watch {
  dispatch_queue_t queue;
  dispatch_source_t source;
  /** Signalled once the kernel knows of the source. */
  dispatch_semaphore_t registered;
  /** What is done at each event. */
  void (*on_event)(Watch* watch);
  /** null: the watch is over. */
  Handler handler;
  void* context;
  /** Counted atomically. */
  unsigned owners;

  // Of a watch on a file only.

  /** A descriptor of its own, closed once the source is cancelled. -1: the watch is on no file. */
  int file;
  /** Tests the witness again. null: the watch is on no file. */
  dispatch_source_t timer;
  /** Nanoseconds until then. */
  int64_t pause;
  /** The witness was seen free. */
  bool is_free;
  /** The watch goes on then, and reports other events as well. */
  bool reports_changes;
};

/** A watch without a source. null: no memory is left. */
Watch* NewWatch(Handler handler, void* context, void (*on_event)(Watch* watch));

/**
 * Gives a new watch its source, and returns once the kernel knows of it: nothing that happens afterwards is
 * missed. Otherwise the watch is gone.
 * @param subject a process or a descriptor, by the type of the source.
 */
Answer BeginWatching(Watch* made, dispatch_source_type_t type, uintptr_t subject, uintptr_t events,
                     Watch** watch);

/** Calls the handler. */
void Report(Watch* watch);

/** Calls the handler for the last time. */
void ReportAndEnd(Watch* watch);

}  // namespace kernel_identity::thin
