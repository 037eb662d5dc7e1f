import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import type { WitnessTest } from '../backend.js';
import { fileStatus, isSameFile } from '../file-status.js';
import { errnoOf, isShortage, systemError } from '../system-error.js';
import type { Handle, HeldWitness } from './handles.js';
import type { WitnessKind } from './witness-kind.js';

/**
 * Flags of open(2) on macOS and the BSDs: the open takes a lock of flock(2) as well, and with O_NONBLOCK fails
 * with EAGAIN where it cannot have it. They have no name in Node's constants. Node passes the number of flags on
 * to the kernel as it is.
 */
const O_SHLOCK = 0x10;
const O_EXLOCK = 0x20;

const { O_RDONLY, O_RDWR, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/** The witness on macOS and the BSDs: an exclusive flock(2) on owner.json, which the kernel drops with its owner. */
export const FLOCK_WITNESS: WitnessKind = {
  take(handle): HeldWitness {
    const descriptor = openSync(handle.path, O_RDWR | O_EXLOCK | O_NONBLOCK | O_NOFOLLOW);
    if (!isOf(descriptor, handle)) {
      closeSync(descriptor);
      throw systemError('ENOENT', 'open');
    }
    return { descriptor, status: handle.status, file: null };
  },

  test,
  testAnyLock: (handle) => (test(handle) === 'held' ? 'held' : 'untestable'),

  takeOver(handle, inherited): HeldWitness {
    if (!isOf(inherited, handle)) throw systemError('EBADF', 'fstat');
    return { descriptor: inherited, status: handle.status, file: null };
  },
};

/**
 * Plain Node has no test that takes nothing. So the test takes a shared lock for a moment. Tests do not meet each
 * other, and an owner has taken its lock before anybody can read its record, so nobody is refused for that.
 */
function test(handle: Handle): WitnessTest {
  try {
    const descriptor = openSync(handle.path, O_RDONLY | O_SHLOCK | O_NONBLOCK | O_NOFOLLOW);
    const isSame = isOf(descriptor, handle);
    closeSync(descriptor);
    return isSame ? 'free' : 'untestable';
  } catch (error) {
    if (isShortage(error)) throw error;
    return errnoOf(error) === 'EAGAIN' ? 'held' : 'untestable';
  }
}

function isOf(descriptor: number, { status }: Handle): boolean {
  return isSameFile(fileStatus(fstatSync(descriptor, { bigint: true })), status);
}
