import type { Backend } from './backend.js';
import type { Descriptor } from './descriptor.js';
import { traitsOf } from './filesystem-traits.js';
import { listsAnyLock } from './procfs/locks.js';

/**
 * Whether a process is known to have a lock of whatever kind on the open directory: OFD, POSIX or flock(2).
 * Takes none. False does not mean that there is none: no call shows a flock, and /proc/locks hides those of
 * other PID namespaces.
 */
export function isSeenLocked(
  { witness, files, actsOnOpenDirectory }: Backend,
  directory: Descriptor,
): boolean {
  // The descriptors of the portable backend are numbers of its own, and it sees no lock.
  if (!actsOnOpenDirectory) return false;
  const { type } = files.filesystem(directory);
  // The test can hang on a filesystem of several kernels, so it is made on no other.
  const isTestable = traitsOf(type).testableWitness;
  return (isTestable && witness.testAnyLock(directory, type) === 'held') || listsAnyLock(directory, false);
}
