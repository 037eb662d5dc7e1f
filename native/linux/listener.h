#pragma once

#include <cstdint>

namespace kernel_identity::system {

/**
 * Whom a thread of this folder tells that something happened. Called in that thread with its lock held: it
 * must be quick, and must not call back into the service it comes from.
 */
struct Listener {
  void (*call)(void* context, uint64_t key);
  void* context;
  /** What the listener knows the event by. */
  uint64_t key;

  void Tell() const { call(context, key); }
};

}  // namespace kernel_identity::system
