import { fstatSync } from 'node:fs';
import type { FileOperations, WitnessOperations, WitnessTest } from '../backend.js';
import type { Descriptor } from '../descriptor.js';
import { traitsOf } from '../filesystem-traits.js';
import { isSystemError, systemError } from '../system-error.js';
import { type ListedLock, locksOn, locksThrough, readLockTable, splitDevice } from './locks.js';

/** Sees witnesses in /proc/locks. Plain Node has no fcntl(2), so it cannot take one. */
export class ProcfsWitness implements WitnessOperations {
  readonly #files: FileOperations;

  constructor(files: FileOperations) {
    this.#files = files;
  }

  take(_fd: Descriptor): never {
    throw systemError('ENOSYS', 'fcntl');
  }

  isHeldThrough(fd: Descriptor): boolean {
    return stateOf(locksThrough(fd)) === 'held';
  }

  test(fd: Descriptor, type: string): WitnessTest {
    return testIn(fd, type, stateOf);
  }

  testAnyLock(fd: Descriptor, type: string): WitnessTest {
    // Nobody may conclude from a list that no such lock is there, because classic locks of invisible
    // processes are hidden.
    const state = testIn(fd, type, (locks) => (locks.length > 0 ? 'held' : null));
    return state === 'held' ? 'held' : 'untestable';
  }

  testAt(directory: Descriptor, name: string, type: string): WitnessTest {
    const descriptor = this.#files.openAt(directory, name);
    try {
      return this.test(descriptor, type);
    } finally {
      this.#files.close(descriptor);
    }
  }
}

/** @param conclude what the locks on the file say; null: nothing. */
function testIn(
  fd: Descriptor,
  type: string,
  conclude: (locks: readonly ListedLock[]) => WitnessTest | null,
): WitnessTest {
  // Locks on a filesystem of several kernels are not all in the list of this one.
  const { testableWitness, locksByStDev } = traitsOf(type);
  if (!testableWitness) return 'untestable';

  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    const file = { ...splitDevice(dev), inode: ino };
    // A lock that is listed once is held. It must be missing twice to be free: readLockTable() assumes a
    // longest record, and one that is longer still would have to hide the lock both times.
    for (let reading = 0; reading < 2; reading += 1) {
      const { text, complete } = readLockTable();
      const state = conclude(locksOn(text, file));
      if (state === 'held') return state;
      if (!locksByStDev) return 'untestable';
      if (state !== null) return state;
      if (!complete) return 'untestable';
    }
    return 'free';
  } catch (error) {
    // There is no /proc/locks with subset=pid, without CONFIG_FILE_LOCKING, and in gVisor.
    if (isSystemError(error)) return 'untestable';
    throw error;
  }
}

/**
 * What the locks on a file say of its witness, which is a write lock of an open file description on the whole
 * file and excludes every other lock. So any other lock proves it free, also in a list that is not complete.
 * Only a write lock of an open file description on a part of the file may be what an heir of the witness has
 * left of it. null: no lock is listed, and that proves nothing by itself.
 */
function stateOf(locks: readonly ListedLock[]): WitnessTest | null {
  const writes = locks.filter(({ kind, access }) => kind === 'OFDLCK' && access === 'WRITE');
  if (writes.some(({ start, end }) => start === '0' && end === 'EOF')) return 'held';
  if (writes.length > 0) return 'untestable';
  return locks.length > 0 ? 'free' : null;
}
