import { leaveToItself, releaseAtExit } from '../lock/at-exit.js';
import { compromised, notAcquired, released } from './errors.js';
import type { Settings } from './options.js';
import { type Made, REPLACED } from './place.js';
import { driveSync, type Steps } from './steps.js';
import type { Taken } from './take.js';

/** The locks of this thread. */
const all = new Set<Held>();

/** A lock that this thread holds. */
export class Held {
  readonly file: string;
  readonly path: string;
  readonly #made: Made;
  readonly #onCompromised: (error: Error) => unknown;
  #isOver = false;

  private constructor(file: string, path: string, made: Made, settings: Settings) {
    this.file = file;
    this.path = path;
    this.#made = made;
    this.#onCompromised = settings.onCompromised;
  }

  /**
   * Keeps a lock that was taken, and calls `onReclaimed`.
   * @throws what that throws, and EAGAIN when the thread of the addon cannot be started. The lock is released before.
   */
  static *begin(file: string, path: string, { made, reclaimed }: Taken, settings: Settings): Steps<Held> {
    const held = new Held(file, path, made, settings);
    all.add(held);
    releaseAtExit(held);
    try {
      made.keep(settings.updateMs, settings.staleMs, (how, cause) => held.#lose(how, cause));
      if (reclaimed !== null) settings.onReclaimed(reclaimed);
      return held;
    } catch (error) {
      yield* held.release();
      throw error;
    }
  }

  /**
   * @throws Error ERELEASED when it was released or lost before; ECOMPROMISED when another lock stands in its place, which
   * stays; system errors of the removal. What is gone already is released.
   */
  *release(): Steps<void> {
    if (this.#isOver) throw released(this.file);
    this.#end();
    try {
      if ((yield* this.#made.check()) === 'replaced') {
        throw compromised(this.file, REPLACED);
      }
      yield* this.#made.remove();
    } finally {
      this.#made.close();
    }
  }

  releaseSync(): void {
    driveSync(this.release());
  }

  #lose(how: string, cause: unknown): void {
    if (this.#isOver) return;
    this.#end();
    this.#made.close();
    // What a program throws here is an uncaught exception, as with proper-lockfile, and not a rejected promise.
    setImmediate(this.#onCompromised, compromised(this.file, how, cause));
  }

  #end(): void {
    this.#isOver = true;
    all.delete(this);
    leaveToItself(this);
    this.#made.stop();
  }
}

/**
 * The lock of a file. Without a path it is the one at the usual path, or else the only one of that file.
 * @throws Error (ENOTACQUIRED)
 */
export function findHeld(file: string, path: string, isPathGiven: boolean): Held {
  const ofFile = [...all].filter((held) => held.file === file);
  const found = ofFile.find((held) => held.path === path);
  if (found !== undefined) return found;
  const [only] = ofFile;
  if (isPathGiven || only === undefined || ofFile.length > 1) throw notAcquired(file);
  return only;
}

/** Paths of the locks of this thread, by the files that they guard. */
export function listHeld(): Record<string, string> {
  return Object.fromEntries([...all].map(({ file, path }) => [file, path]));
}
