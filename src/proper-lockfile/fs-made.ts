import { monotonicMs } from '../backend/monotonic-clock.js';
import { codeOf, identityOf, isAnother, type Stats, statOf } from './fs-status.js';
import type { Making } from './making.js';
import { GONE, type Lost, type Made, NOT_KEPT, REPLACED, type Standing } from './place.js';
import { call, type Drive, type FileSystem, type Steps } from './steps.js';

/** Milliseconds until a call that failed is tried again. */
const RETRY_MS = 1_000;

/** A directory that this process made. It is known by its inode and its birth, or by the time that was set last. */
export class FsMade implements Made {
  readonly #path: string;
  readonly #fs: FileSystem;
  readonly #drive: Drive;
  #stats: Stats | null;
  #keptAtMs = monotonicMs();
  #timer: NodeJS.Timeout | null = null;
  #isKept = false;

  private constructor(path: string, fs: FileSystem, drive: Drive, stats: Stats | null) {
    this.#path = path;
    this.#fs = fs;
    this.#drive = drive;
    this.#stats = stats;
  }

  /** null when the directory is gone, or may be another's by now. */
  static *begin(path: string, fs: FileSystem, drive: Drive, making: Making): Steps<FsMade | null> {
    let stats: Stats | null = null;
    try {
      stats = yield* statOf(fs, path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      // The first beat finds out what stands there.
    }
    const mtimeMs = stats?.mtime.getTime() ?? Number.NaN;
    return making.isOwn(() => mtimeMs) ? new FsMade(path, fs, drive, stats) : null;
  }

  keep(updateMs: number, staleMs: number, lost: Lost): void {
    this.#isKept = true;
    const beatIn = (ms: number) => {
      this.#timer = setTimeout(() => void beat(), ms);
      this.#timer.unref?.();
    };
    const beat = async () => {
      let next = updateMs;
      try {
        const found = await this.#drive(this.#beat());
        if (found !== null && this.#isKept) return this.#end(lost, found);
      } catch (error) {
        if (codeOf(error) === 'ENOENT' && this.#isKept) return this.#end(lost, GONE, error);
        if (monotonicMs() - this.#keptAtMs > staleMs && this.#isKept) return this.#end(lost, NOT_KEPT, error);
        next = RETRY_MS;
      }
      if (this.#isKept) beatIn(next);
    };
    beatIn(updateMs);
  }

  /** @returns how the lock was lost; null: it is held. */
  *#beat(): Steps<string | null> {
    const standing = yield* this.check();
    if (standing !== 'own') return standing === 'gone' ? GONE : REPLACED;
    const startedMs = monotonicMs();
    const now = new Date();
    yield* call(this.#fs, 'utimes', this.#path, now, now);
    // File systems round times, so the one that was kept is read again.
    const found = yield* statOf(this.#fs, this.#path);
    // Whoever stands still in here may find the directory of another.
    if (this.#stats !== null && isAnother(this.#stats, found)) return REPLACED;
    this.#stats = found;
    this.#keptAtMs = startedMs;
    return null;
  }

  #end(lost: Lost, how: string, cause?: unknown): void {
    this.stop();
    lost(how, cause);
  }

  stop(): void {
    this.#isKept = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  *check(): Steps<Standing> {
    let found: Stats;
    try {
      found = yield* statOf(this.#fs, this.#path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return 'gone';
      throw error;
    }
    this.#stats ??= found;
    const identity = identityOf(found);
    const isSame = identity !== null && identity === identityOf(this.#stats);
    return isSame || found.mtime.getTime() === this.#stats.mtime.getTime() ? 'own' : 'replaced';
  }

  *remove(): Steps<void> {
    try {
      yield* call(this.#fs, 'rmdir', this.#path);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }

  close(): void {}
}
