import { type Dir, opendirSync } from 'node:fs';

/** Names that one system call reads. */
const AT_ONCE = 256;

/** Reads the names in a directory, some at each call. Call close() when done. */
export class NameStream {
  readonly #entries: Dir;

  /** @throws ENOENT, EACCES, ... */
  constructor(path: string) {
    this.#entries = opendirSync(path, { bufferSize: AT_ONCE });
  }

  /** The next names, fewer than `limit` only at the end. */
  next(limit: number): string[] {
    const names: string[] = [];
    while (names.length < limit) {
      const entry = this.#entries.readSync();
      if (entry === null) break;
      names.push(entry.name);
    }
    return names;
  }

  close(): void {
    this.#entries.closeSync();
  }
}
