// A place that is reached through a file system module and nothing else: another module than node:fs, another system than
// Linux, or no addon. Here the directory's time alone shows whether its owner lives.
import { FsMade } from './fs-made.js';
import { codeOf, identityOf, isDirectory, type Stats, statOf } from './fs-status.js';
import { guardPathOf } from './guard.js';
import { Making } from './making.js';
import type { Made, Place, Seen } from './place.js';
import { ageOf } from './seen-silence.js';
import { call, type Drive, type FileSystem, type Steps } from './steps.js';

export class FsPlace implements Place {
  readonly pollMs = null;
  readonly path: string;
  readonly #fs: FileSystem;
  readonly #drive: Drive;
  readonly #isSeenLocked: (path: string) => boolean;

  /**
   * @param drive makes the calls that keep the directory's time fresh.
   * @param isSeenLocked whether the kernel shows a lock on the directory.
   */
  constructor(path: string, fs: FileSystem, drive: Drive, isSeenLocked: (path: string) => boolean) {
    this.path = path;
    this.#fs = fs;
    this.#drive = drive;
    this.#isSeenLocked = isSeenLocked;
  }

  *make(staleMs: number): Steps<Made | null> {
    const making = new Making(staleMs);
    try {
      yield* call(this.#fs, 'mkdir', this.path);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return null;
      throw error;
    }
    return yield* FsMade.begin(this.path, this.#fs, this.#drive, making);
  }

  *look(beatMs: number): Steps<Seen | null> {
    let stats: Stats;
    try {
      stats = yield* statOf(this.#fs, this.path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    }
    const mtimeMs = stats.mtime.getTime();
    return {
      key: this.path,
      state: isDirectory(stats) ? 'silent' : 'held',
      holder: null,
      ageMs: ageOf(this.path, `${identityOf(stats)}:${mtimeMs}`, mtimeMs, beatMs),
      isLocked: () => this.#isSeenLocked(this.path),
      close() {},
    };
  }

  *remove(): Steps<boolean> {
    try {
      yield* call(this.#fs, 'rmdir', this.path);
      return true;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  guard(): Place {
    return new FsPlace(guardPathOf(this.path), this.#fs, this.#drive, this.#isSeenLocked);
  }

  watch(): null {
    return null;
  }

  close(): void {}
}
