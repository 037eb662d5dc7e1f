import type { BigIntStats } from 'node:fs';
import type { FileStatus } from './backend.js';

/** What fs.stat says, in the words of a backend. */
export function fileStatus(stats: BigIntStats): FileStatus {
  return {
    kind: kindOf(stats),
    device: stats.dev.toString(),
    inode: stats.ino.toString(),
    links: Number(stats.nlink),
    size: Number(stats.size),
    mtimeMs: milliseconds(stats.mtimeNs),
    ctimeMs: milliseconds(stats.ctimeNs),
  };
}

/** In two parts: nanoseconds since the epoch need more digits than a double has. */
function milliseconds(nanoseconds: bigint): number {
  return Number(nanoseconds / 1_000_000n) + Number(nanoseconds % 1_000_000n) / 1e6;
}

function kindOf(stats: BigIntStats): FileStatus['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'symlink' : 'other';
}

/** Two names, or a name and a descriptor, of one file. Numbers recur: one of the two must have been open since the other. */
export function isSameFile(
  a: Pick<FileStatus, 'device' | 'inode'>,
  b: Pick<FileStatus, 'device' | 'inode'>,
): boolean {
  return a.inode === b.inode && a.device === b.device;
}
