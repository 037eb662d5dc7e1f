import type { BigIntStats } from 'node:fs';
import type { FileStatus } from './backend.js';

/** Turns the answer of fs.stat into that of a backend. */
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

/** Divides in two parts, because nanoseconds since the epoch have more digits than a double can hold. */
function milliseconds(nanoseconds: bigint): number {
  return Number(nanoseconds / 1_000_000n) + Number(nanoseconds % 1_000_000n) / 1e6;
}

function kindOf(stats: BigIntStats): FileStatus['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'symlink' : 'other';
}

/**
 * Whether two names, or a name and a descriptor, belong to one file. The system reuses inode numbers, so the
 * file of the earlier status must have been open ever since.
 */
export function isSameFile(
  a: Pick<FileStatus, 'device' | 'inode'>,
  b: Pick<FileStatus, 'device' | 'inode'>,
): boolean {
  return a.inode === b.inode && a.device === b.device;
}
