import { closeSync, constants, fstatSync, openSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { basename, dirname, sep } from 'node:path';
import type { BesideName, WitnessTest } from '../backend.js';
import { readFromStart } from '../file-content.js';
import { fileStatus, isSameFile } from '../file-status.js';
import { lockNameOfPrivate, nonceOfPrivate } from '../private-name.js';
import { errnoOf, isShortage, systemError } from '../system-error.js';
import type { Handle, HeldWitness } from './handles.js';
import { insist } from './insist.js';
import type { WitnessKind } from './witness-kind.js';

/**
 * UV_FS_O_EXLOCK of libuv on Windows: a share mode of 0, with which every other open of the file fails (EBUSY)
 * until the last handle of it is closed. It has no name in Node's constants.
 */
const EXLOCK = 0x1000_0000;

const { O_RDONLY, O_RDWR, O_CREAT } = constants;

const BESIDE = /^\.(.+)\.(\d+)\.alive$/s;
/** Bytes: more than a nonce. */
const MAX_CONTENT = 64;

/**
 * The witness on Windows: a file that its owner keeps open with a share mode of 0. It stands beside the lock, because
 * an open file within would keep the lock's directory from being renamed into place. Its name has the inode of the
 * owner.json that it stands for, which is the same under whatever name that file has.
 */
export const SHARE_WITNESS: WitnessKind = {
  take(handle): HeldWitness {
    const file = besideOf(handle);
    // Where inode numbers are used again, a file of that name may be there, which somebody just looks at or deletes.
    const descriptor = insist('win32', () => openSync(file, O_RDWR | O_CREAT | EXLOCK, 0o666));
    // The sweep finds by it the private directory for which the file was made.
    writeSync(descriptor, nonceOfPrivate(basename(dirname(handle.path))) ?? '', 0);
    return { descriptor, status: fileStatus(fstatSync(descriptor, { bigint: true })), file };
  },

  /** A file that is not there proves nothing: what is judged may be a copy, on another machine. */
  test: (handle) => stateOf(besideOf(handle)),

  /** The kernel itself keeps a file from being deleted that another program has open and does not share. */
  testAnyLock: () => 'untestable',

  takeOver(handle, inherited): HeldWitness {
    const file = besideOf(handle);
    const status = fileStatus(fstatSync(inherited, { bigint: true }));
    // The status of a file can be read while nobody may open it.
    const isIt = isSameFile(status, fileStatus(statSync(file, { bigint: true })));
    if (!isIt) throw systemError('EBADF', 'fstat');
    return { descriptor: inherited, status, file };
  },
};

export function forgetBeside(handle: Handle): void {
  try {
    unlinkSync(besideOf(handle));
  } catch {
    // It is held by an heir, or gone.
  }
}

export function parseBeside(name: string): BesideName | null {
  const [, lockName, inode] = BESIDE.exec(name) ?? [];
  return lockName === undefined || inode === undefined ? null : { lockName, inode };
}

/** The content of a witness that nobody holds. null when it is held or missing. */
export function readIfFree(path: string): string | null {
  let content = '';
  const state = stateOf(path, (descriptor) => {
    content = readFromStart(descriptor, MAX_CONTENT).toString('latin1');
  });
  return state === 'free' ? content : null;
}

/** Opens the file for reading, which shares everything, so that it is in nobody's way. */
function stateOf(path: string, look?: (descriptor: number) => void): WitnessTest {
  try {
    const descriptor = openSync(path, O_RDONLY);
    try {
      look?.(descriptor);
    } finally {
      closeSync(descriptor);
    }
    return 'free';
  } catch (error) {
    if (isShortage(error)) throw error;
    return errnoOf(error) === 'EBUSY' ? 'held' : 'untestable';
  }
}

function besideOf({ path, status }: Handle): string {
  const directory = dirname(path);
  const name = basename(directory);
  return `${dirname(directory)}${sep}.${lockNameOfPrivate(name) ?? name}.${status.inode}.alive`;
}
