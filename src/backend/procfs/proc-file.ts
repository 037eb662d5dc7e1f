import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** Enough for one read of all but a status with hundreds of supplementary groups (about 1.5 KiB is usual). */
const CHUNK = 4096;

export interface ProcFile {
  readonly content: Buffer;
  /** st_dev of what was opened: tells procfs from a file mounted over it. */
  readonly device: bigint;
}

/**
 * Reads a small file of /proc whole. fs.readFileSync would do as well, but it says nothing about the device of the
 * file it read, and a second look by path could meet another file.
 */
export function readProcFile(path: string): ProcFile {
  const fd = openSync(path, constants.O_RDONLY);
  try {
    const device = fstatSync(fd, { bigint: true }).dev;
    const chunks: Buffer[] = [];
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK);
      const length = readSync(fd, chunk, 0, CHUNK, null);
      if (length === 0) break;
      chunks.push(chunk.subarray(0, length));
    }
    const content = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    return { content, device };
  } finally {
    closeSync(fd);
  }
}
