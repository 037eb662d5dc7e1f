import { readSync, type Stats, writeSync } from 'node:fs';
import { NameStream } from './name-stream.js';

/** Reads from offset 0, at most `limit` bytes. */
export function readFromStart(fd: number, limit: number): Buffer {
  const buffer = Buffer.allocUnsafe(limit);
  let length = 0;
  while (length < limit) {
    const count = readSync(fd, buffer, length, limit - length, length);
    if (count === 0) break;
    length += count;
  }
  return buffer.subarray(0, length);
}

/** Writes the whole text as UTF-8 at offset 0. */
export function writeAtStart(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, done);
  }
}

/** The first names in a directory, at most `limit`. */
export function listNames(path: string, limit: number): string[] {
  const entries = new NameStream(path);
  const names: string[] = [];
  try {
    while (names.length < limit) {
      const name = entries.next();
      if (name === null) break;
      names.push(name);
    }
    return names;
  } finally {
    entries.close();
  }
}

/** The mode of a directory, without its execute bits and without write for others. */
export function modeForFileIn({ mode }: Stats): number {
  return mode & 0o664;
}
