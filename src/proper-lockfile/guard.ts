import { basename } from 'node:path';

const ENDING = '.reclaim';
/** Bytes. Most file systems allow names of 255, and eCryptfs allows the fewest. */
const LONGEST_NAME = 143;

/**
 * The path of the lock that a process holds while it removes the abandoned one at `path`. Locks with long names share one in
 * each directory, which only makes their contenders wait for each other.
 */
export function guardPathOf(path: string): string {
  const name = basename(path);
  return fitsWith(name, ENDING.length) ? path + ENDING : `${path.slice(0, -name.length)}.lock${ENDING}`;
}

/** Whether a name can be made `more` bytes longer. */
export function fitsWith(name: string, more: number): boolean {
  return Buffer.byteLength(name) + more <= LONGEST_NAME;
}
