import type { Backend } from './backend.js';
import type { Descriptor } from './descriptor.js';
import { traitsOf } from './filesystem-traits.js';
import { listsAnyLock } from './procfs/locks.js';

/**
 * Whether a process is known to have a lock of whatever kind on the open file or directory: OFD, POSIX or
 * flock(2). Takes none. False does not mean that there is none: no call shows a flock, and /proc/locks hides
 * those of other PID namespaces.
 * @param byDevice true: where /proc/locks shows the device of a file as stat(2) does, it must be the same one.
 */
export function isSeenLocked({ witness, files }: Backend, descriptor: Descriptor, byDevice = false): boolean {
  const { type } = files.filesystem(descriptor);
  const { testableWitness, locksByStDev } = traitsOf(type);
  // The test can hang on a filesystem of several kernels, so it is made on no other.
  if (testableWitness && witness.testAnyLock(descriptor, type) === 'held') return true;
  return listsAnyLock(files.statDescriptor(descriptor), byDevice && locksByStDev);
}

/**
 * Whether {@link isSeenLocked} sees the byte-range locks of processes in other PID namespaces too. An open file
 * description's are seen by all.
 */
export function seesLocksOfAll({ witness, files }: Backend, descriptor: Descriptor): boolean {
  const { type } = files.filesystem(descriptor);
  return traitsOf(type).testableWitness && witness.testAnyLock(descriptor, type) !== 'untestable';
}
