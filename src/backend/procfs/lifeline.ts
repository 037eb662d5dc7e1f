import { statSync } from 'node:fs';
import type { LifelineOperations, WitnessTest } from '../backend.js';
import { LIFELINE_INODES } from '../initial-namespaces.js';
import { NO_LIFELINE } from '../no-lifeline.js';
import { isSystemError } from '../system-error.js';
import { type ListedLock, locksIn, locksOn, readLockTable, splitDevice } from './locks.js';

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
    return lifelinesAmong(locks).includes(offset) ? 'held' : 'untestable';
  } catch (error) {
    // There is no /proc/locks: subset=pid, CONFIG_FILE_LOCKING off, gVisor.
    if (isSystemError(error)) return 'untestable';
    throw error;
  }
}

/** The bytes that an open file description of a namespace's file has read-locked, from its fdinfo. */
export function heldBytes(fdinfo: string): string[] {
  return lifelinesAmong(locksIn(fdinfo));
}

/** The offsets of those locks that are a lifeline's: a read lock of an open file description on one byte. */
function lifelinesAmong(locks: readonly ListedLock[]): string[] {
  const lifelines = locks.filter(
    ({ kind, access, start, end }) => kind === 'OFDLCK' && access === 'READ' && start === end,
  );
  return lifelines.map(({ start }) => start);
}
