#pragma once

#include <cstdint>

namespace kernel_identity::system {

/**
 * A callback through which a thread of this folder reports an event. It runs in that thread, which holds its
 * lock: it must be quick, and must not call back into the service that the event comes from.
 */
struct Listener {
  void (*call)(void* context, uint64_t key);
  void* context;
  /** Passed on to the callback, which recognises the event by it. */
  uint64_t key;

  void Notify() const { call(context, key); }
};

}  // namespace kernel_identity::system
