#pragma once

namespace kernel_identity::system {

// The witness is an open file description lock (fcntl(2), kernel 3.15): it ends with the last descriptor of
// its description, whatever kills the owner, and is seen across PID namespaces. A classic POSIX lock would
// vanish with any close of the same file in the process; flock(2) offers no test that does not take the lock.

/** Write-locks the whole file: 0 or -errno. -EAGAIN when somebody holds it, -ENOSYS where there are none. */
int TakeWitness(int fd);

enum class WitnessState { kHeld, kFree, kUntestable };

/**
 * Whether a lock stands in the way of a witness. Takes nothing, not even for a moment, and needs a readable
 * descriptor only. A lock taken through this very description is not in its own way: it counts as free.
 */
WitnessState TestWitness(int fd);

}  // namespace kernel_identity::system
