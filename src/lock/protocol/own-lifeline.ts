import { createHash } from 'node:crypto';
import type { Backend, FileStatus } from '../../backend/backend.js';
import { traitsOf } from '../../backend/filesystem-traits.js';
import { ownIdentity } from '../../identity/read.js';
import type { WitnessRecord } from '../../record/owner-record.js';

/**
 * True where nothing else shows everybody who holds the lock: other kernels may see it, or no observer can test a witness.
 *
 * @param type the filesystem of the lock, as its owner records it.
 */
export function needsOwnLifeline(type: string, witness: WitnessRecord | null): boolean {
  return witness === null || !traitsOf(type).oneKernel;
}

/** Takes a lifeline for a lock whose private directory exists. null where there is none. */
export function takeOwnLifeline({ lifeline }: Backend, nonce: string, owner: FileStatus): string | null {
  return lifeline.take(ownOffset(nonce, owner));
}

/**
 * Draws the offset of a lock's own lifeline: a decimal number below 2^62.
 *
 * Copies of one machine may draw the same random numbers from then on. So the offset also depends on what differs
 * between them: the time in nanoseconds, and the inode that the file of each has on a filesystem that they share.
 */
export function ownOffset(nonce: string, { inode }: Pick<FileStatus, 'inode'>): string {
  const { bootId, pid } = ownIdentity();
  const source = `${bootId} ${nonce} ${process.hrtime.bigint()} ${pid} ${inode}`;
  const drawn = createHash('sha256').update(source).digest().readBigUInt64BE();
  return (drawn >> 2n).toString();
}
