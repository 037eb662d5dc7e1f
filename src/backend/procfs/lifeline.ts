import { statSync } from 'node:fs';
import type { LifelineOperations, WitnessTest } from '../backend.js';
import { LIFELINE_INODES } from '../initial-namespaces.js';
import { NO_LIFELINE } from '../no-lifeline.js';
import { isSystemError } from '../system-error.js';
import { type ListedLock, locksOn, readLockTable, splitDevice } from './locks.js';

/**
 * Plain Node can only read /proc/locks, which shows no more than a page of locks at once. A lifeline that is
 * listed there is held. One that is not listed may have been cut off, so it is untestable.
 */
export const PROCFS_LIFELINE: LifelineOperations = Object.freeze({ ...NO_LIFELINE, test });

function test(lifeline: string): WitnessTest {
  const [, space = '', offset = ''] = /^(\w+):(\d{1,19})$/.exec(lifeline) ?? [];
  const inode = LIFELINE_INODES.get(space);
  if (inode === undefined) return 'untestable';
  try {
    // Every namespace file lies on the one filesystem nsfs.
    const { dev } = statSync('/proc/self/ns/pid', { bigint: true });
    const locks = locksOn(readLockTable().text, { ...splitDevice(dev), inode });
    return locks.some((lock) => isLifeline(lock, offset)) ? 'held' : 'untestable';
  } catch (error) {
    // There is no /proc/locks: subset=pid, CONFIG_FILE_LOCKING off, gVisor.
    if (isSystemError(error)) return 'untestable';
    throw error;
  }
}

/** True for an open-file-description read lock of exactly this byte. */
function isLifeline({ kind, access, start, end }: ListedLock, offset: string): boolean {
  return kind === 'OFDLCK' && access === 'READ' && start === offset && end === offset;
}
