import type { Descriptor } from './descriptor.js';

/** The file that the worker touches: a descriptor of the kernel's, or the path of a file that is not kept open. */
export type Target = { readonly descriptor: Descriptor } | { readonly path: string };

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
}

/** States of a lease. The worker sets TOUCHING during each touch and FREE after it. STOPPED is final. */
export const FREE = 0;
export const TOUCHING = 1;
export const STOPPED = 2;

/**
 * The worker's program. It is text because a bundler that puts this package into one file takes a string along, but not a
 * module that is only named in the call that starts the worker. The program posts the ticket of each lease that is lost.
 */
export const BEATER = `'use strict';
const { fstatSync, futimesSync, lstatSync, utimesSync } = require('node:fs');
const { parentPort } = require('node:worker_threads');

parentPort.on('message', (lease) => {
  const timer = setInterval(() => {
    if (Atomics.compareExchange(lease.state, 0, ${FREE}, ${TOUCHING}) !== ${FREE}) {
      clearInterval(timer);
      return;
    }
    const alive = touch(lease);
    Atomics.store(lease.state, 0, ${FREE});
    Atomics.notify(lease.state, 0);
    if (alive) return;
    clearInterval(timer);
    parentPort.postMessage(lease.ticket);
  }, lease.intervalMs);
});

// Returns false when the file has no name any more or cannot be touched, or another file stands at its path.
function touch({ target: { descriptor, path }, device, inode }) {
  try {
    const now = Date.now() / 1000;
    const options = { bigint: true };
    const { dev, ino, nlink } =
      path === undefined ? fstatSync(descriptor, options) : lstatSync(path, options);
    if (dev !== device || ino !== inode || nlink === 0n) return false;
    if (path === undefined) futimesSync(descriptor, now, now);
    else utimesSync(path, now, now);
    return true;
  } catch {
    return false;
  }
}
`;
