import type { Descriptor } from './descriptor.js';
/** The file to be touched: a descriptor of the kernel's, or the path of a file that nobody holds open. */
export type Target = { readonly descriptor: Descriptor } | { readonly path: string };

/** What the worker is told about a file that it is to touch. */
export interface ToBeater {
  readonly ticket: number;
  readonly target: Target;
  readonly device: bigint;
  readonly inode: bigint;
  readonly intervalMs: number;
  readonly state: Int32Array;
}

/** States of a lease. The worker goes from FREE to TOUCHING and back; STOPPED is for ever. */
export const FREE = 0;
export const TOUCHING = 1;
export const STOPPED = 2;

/**
 * The worker's program, as text: a bundler that puts this package into one file takes a string along, but not a
 * module that is only named in the call that starts the worker. It answers with the ticket of a lease that is lost.
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

// False: the file has no name any more, cannot be touched, or what is there is another file.
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
