import { fstatSync } from 'node:fs';
import type { FileOperations, WitnessOperations, WitnessTest } from '../backend.js';
import { testAt } from '../composed.js';
import type { Descriptor } from '../descriptor.js';
import { isSystemError, systemError } from '../system-error.js';
import { listsWriteLock, readLockTable, splitDevice } from './locks.js';

/**
 * Filesystems that one kernel alone can mount, with all their locks in that kernel's list. The value says whether
 * the list names a file by its st_dev. overlay and btrfs give files a device other than their superblock's, so
 * there a lock can go unrecognised.
 */
const LISTED_BY_DEVICE: ReadonlyMap<string, boolean> = new Map([
  ['ext', true],
  ['xfs', true],
  ['tmpfs', true],
  ['overlay', false],
  ['btrfs', false],
]);

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
    const listedByDevice = LISTED_BY_DEVICE.get(type);
    if (listedByDevice === undefined) return 'untestable';

    try {
      const { dev, ino } = fstatSync(fd, { bigint: true });
      const file = { ...splitDevice(dev), inode: ino };
      // A lock seen once is held. That none is there must be seen twice: see the remark on room in locks.ts,
      // a single record longer than that would have to hide the lock both times.
      for (let look = 0; look < 2; look += 1) {
        const { text, complete } = readLockTable();
        if (listsWriteLock(text, file)) return 'held';
        if (!complete || !listedByDevice) return 'untestable';
      }
      return 'free';
    } catch (error) {
      // No /proc/locks: subset=pid, CONFIG_FILE_LOCKING off, gVisor.
      if (isSystemError(error)) return 'untestable';
      throw error;
    }
  }

  testAt(directory: Descriptor, name: string, type: string): WitnessTest {
    return testAt(this.#files, this, directory, name, type);
  }
}
