import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** Bytes. One read is enough for every file but a status with hundreds of supplementary groups (1.5 KiB is usual). */
const CHUNK = 4096;

export interface ProcFile {
  readonly content: Buffer;
  /** st_dev of the opened file, which distinguishes procfs from a file mounted over it. */
  readonly device: bigint;
}

/**
 * Reads a small file of /proc whole. fs.readFileSync does not return the device of the file that it read, and
 * stat by path afterwards could meet another file.
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
