#pragma once

#include "lock_state.h"

namespace kernel_identity::system {

// The witness is an open file description lock (fcntl(2), kernel 3.15). Two other kinds of lock would not do:
//
//   int owner = open("owner.json", O_RDWR);
//   fcntl(owner, F_SETLK, &write_lock);
//   close(open("owner.json", O_RDONLY));
//
// The last line, in any library of the process, drops a classic POSIX lock: it ends with any close of the
// same file. And flock(2) offers no test that does not take the lock. An open file description lock ends with
// the last descriptor of its description, whatever kills the owner, and processes in other PID namespaces see
// it.

/**
 * Write-locks the whole file. 0 or -errno; -EAGAIN when another description holds a lock, -ENOSYS when there
 * are no such locks.
 */
int TakeWitness(int fd);

/**
 * Checks whether a process holds the witness. It takes no lock, not even for a moment, and a readable
 * descriptor is enough. The locks of others, however they were taken, are no witness: it is a write lock of
 * an open file description on the whole file, which excludes every other lock. A part of such a lock is
 * kUntestable. A lock that was taken through the same description does not count: the answer is then kFree.
 */
LockState TestWitness(int fd);

/**
 * Checks in the same way whether a process holds a byte-range lock on the file or directory, of whatever kind
 * and range. A flock(2) lock is not among them, because nothing tests one without taking it.
 */
LockState TestAnyLock(int fd);

}  // namespace kernel_identity::system
