import { type BootTime, STAMP } from './boot-clock.js';
import { CLAIMED_PATTERN } from './claimed-name.js';
import type { Descriptor } from './descriptor.js';

/** The file that the worker touches: a descriptor of the kernel's, or the path of a file that is not kept open. */
export type Target = { readonly descriptor: Descriptor } | FileAtPath;

export interface FileAtPath {
  readonly path: string;
  /** st_dev and st_ino as they were when it was opened: at this moment it may have another name for a while. */
  readonly device: bigint;
  readonly inode: bigint;
}

/** The message that starts a lease in the worker. */
export interface ToBeater {
  readonly ticket: number;
  readonly target: Target;
  /** st_dev and st_ino of the file; the worker touches no other file in its place. */
  readonly device: bigint;
  readonly inode: bigint;
  readonly intervalMs: number;
  /** Element 0 is the state of the lease, shared with the thread that started it. */
  readonly state: Int32Array;
  /** When the last touch that succeeded began, shared as well. */
  readonly touchedAt: BootTime;
}

/** The message about a touch that failed. */
export interface FromBeater {
  readonly ticket: number;
  /** True when the file has no name of the lock's any more: nothing is touched any more. */
  readonly gone: boolean;
}

/** States of a lease. The worker sets TOUCHING during each touch and FREE after it. STOPPED is final. */
export const FREE = 0;
export const TOUCHING = 1;
export const STOPPED = 2;

/** Milliseconds after which a failed touch is tried again, unless the next one is due earlier. */
const RETRY_PAUSE = 1_000;
/**
 * Milliseconds from a look that missed a file at its path to the last one that may find it back. Each pause is twice as
 * long as the one before, from 1 ms on: a reclaimer gives the file another name for a moment, and then its own again.
 */
const LONGEST_PAUSE = 64;

/**
 * The worker's program. It is text because a bundler that puts this package into one file takes a string
 * along, but not a module that is only named in the call that starts the worker. The program posts every
 * touch that fails.
 */
export const BEATER = `'use strict';
const { fdatasyncSync, fstatSync, futimesSync, lstatSync, readdirSync } = require('node:fs');
const { readSync, utimesSync, writeSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { parentPort } = require('node:worker_threads');
${STAMP}
const GONE = ['EBADF', 'ENOENT', 'ENOTDIR', 'ESTALE'];
const CLAIMED = /${CLAIMED_PATTERN}/;
const now = new BigInt64Array(2);

parentPort.on('message', (lease) => setTimeout(beat, lease.intervalMs, lease));

function beat(lease, pause = 1) {
  if (Atomics.compareExchange(lease.state, 0, ${FREE}, ${TOUCHING}) !== ${FREE}) return;
  stamp(now);
  const outcome = touch(lease);
  if (outcome === 'touched') now.forEach((us, clock) => Atomics.store(lease.touchedAt, clock, us));
  Atomics.store(lease.state, 0, ${FREE});
  Atomics.notify(lease.state, 0);
  if (outcome === 'gone' && lease.target.path !== undefined && pause <= ${LONGEST_PAUSE}) {
    setTimeout(beat, pause, lease, 2 * pause);
    return;
  }
  if (outcome !== 'touched') parentPort.postMessage({ ticket: lease.ticket, gone: outcome === 'gone' });
  if (outcome === 'gone') return;
  const isLate = outcome === 'failed';
  setTimeout(beat, isLate ? Math.min(lease.intervalMs, ${RETRY_PAUSE}) : lease.intervalMs, lease);
}

function touch(lease) {
  const { descriptor, path } = lease.target;
  try {
    const isTouched =
      path === undefined ? touchOpen(lease, descriptor) : touchAt(lease, path) || touchClaimed(lease, path);
    return isTouched ? 'touched' : 'gone';
  } catch ({ code }) {
    if (GONE.includes(code)) return 'gone';
    // Only the owner of a file may set its times, and a process that has given up its privileges is another user by
    // now. It may still write to a file that it opened before.
    const isRefused = path === undefined && (code === 'EPERM' || code === 'EACCES');
    return isRefused && writeFirstByteAgain(descriptor) ? 'touched' : 'failed';
  }
}

function touchOpen(lease, descriptor) {
  const status = fstatSync(descriptor, { bigint: true });
  if (!isFile(lease, status) || status.nlink === 0n) return false;
  const seconds = Date.now() / 1000;
  futimesSync(descriptor, seconds, seconds);
  return true;
}

function touchAt(lease, path) {
  const status = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (status === undefined || !isFile(lease, status)) return false;
  const seconds = Date.now() / 1000;
  utimesSync(path, seconds, seconds);
  return true;
}

// Another process that was killed, or stands still, may have left the file under a name of this kind.
function touchClaimed(lease, path) {
  const directory = dirname(path);
  return readdirSync(directory).some((name) => CLAIMED.test(name) && touchAt(lease, join(directory, name)));
}

function isFile({ device, inode }, { dev, ino }) {
  return dev === device && ino === inode;
}

function writeFirstByteAgain(descriptor) {
  try {
    const byte = Buffer.alloc(1);
    if (readSync(descriptor, byte, 0, 1, 0) !== 1 || writeSync(descriptor, byte, 0, 1, 0) !== 1) return false;
    // On a network filesystem others see the new time only when the byte has been sent.
    fdatasyncSync(descriptor);
    return true;
  } catch {
    return false;
  }
}
`;
