import type { FileStatus } from '../backend/backend.js';
import { RecentMap } from '../recent-map.js';

/**
 * The locks that this thread holds, by nonce, and those that it gave up. The judge asks for these before it
 * reads anything about a process. A module belongs to one thread, so a lock of another thread of this process
 * is not among them. The lock layer enters each with a function that checks whether the lock and its witness
 * are still held, because a stray close(2) may have dropped the witness.
 */
const held = new Map<string, HeldLock>();

/** A lock that this thread holds, and where it is: a copy of it has the same nonce. */
export interface HeldLock {
  readonly directory: FileId;
  readonly file: FileId;
  readonly isIntact: () => boolean;
  /** The line of the program that acquired it, for people. null unless NODE_DEBUG asks for it. */
  readonly takenAt: string | null;
}

type FileId = Pick<FileStatus, 'device' | 'inode'>;

/**
 * Locks whose owner.json may stand although this thread lost them or could not release them. Their process lives on, so
 * without this a thread could wait for itself where a lock has no witness.
 */
const givenUp = new RecentMap<true>(4096);

export function enterHeldLock(nonce: string, lock: HeldLock): void {
  held.set(nonce, lock);
}

export function leaveHeldLock(nonce: string): void {
  held.delete(nonce);
}

/** Like {@link leaveHeldLock}, for a lock that was not released. */
export function giveUpLock(nonce: string): void {
  held.delete(nonce);
  givenUp.set(nonce, true);
}

/** True for a lock that this thread holds or gave up. */
export function isKnownNonce(nonce: string): boolean {
  return held.has(nonce) || givenUp.has(nonce);
}

export function isHeldLock(nonce: string): boolean {
  return held.get(nonce)?.isIntact() ?? false;
}

export function heldLockOf(nonce: string): HeldLock | null {
  return held.get(nonce) ?? null;
}

export function isGivenUpLock(nonce: string): boolean {
  return givenUp.has(nonce);
}
