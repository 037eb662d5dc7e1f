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

  /** The next name; null at the end. */
  next(): string | null {
    return this.#entries.readSync()?.name ?? null;
  }

  close(): void {
    this.#entries.closeSync();
  }
}
