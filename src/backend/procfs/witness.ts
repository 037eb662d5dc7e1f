import { fstatSync } from 'node:fs';
import type { FileOperations, WitnessOperations, WitnessTest } from '../backend.js';
import type { Descriptor } from '../descriptor.js';
import { traitsOf } from '../filesystem-traits.js';
import { isSystemError, systemError } from '../system-error.js';
import { listsWriteLock, readLockTable, splitDevice } from './locks.js';

/** Sees witnesses in /proc/locks. Plain Node has no fcntl(2), so it cannot take one. */
export class ProcfsWitness implements WitnessOperations {
  readonly #files: FileOperations;

  constructor(files: FileOperations) {
    this.#files = files;
  }

  take(_fd: Descriptor): never {
    throw systemError('ENOSYS', 'fcntl');
  }

  test(fd: Descriptor, type: string): WitnessTest {
    // Locks on a filesystem of several kernels are not all in the list of this one.
    const { testableWitness, locksByStDev } = traitsOf(type);
    if (!testableWitness) return 'untestable';

    try {
      const { dev, ino } = fstatSync(fd, { bigint: true });
      const file = { ...splitDevice(dev), inode: ino };
      // A lock that is listed once is held. It must be missing twice to be free: readLockTable() assumes a longest record,
      // and one that is longer still would have to hide the lock both times.
      for (let reading = 0; reading < 2; reading += 1) {
        const { text, complete } = readLockTable();
        if (listsWriteLock(text, file)) return 'held';
        if (!complete || !locksByStDev) return 'untestable';
      }
      return 'free';
    } catch (error) {
      // There is no /proc/locks with subset=pid, without CONFIG_FILE_LOCKING, and in gVisor.
      if (isSystemError(error)) return 'untestable';
      throw error;
    }
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
