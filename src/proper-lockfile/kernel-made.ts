import type { OpenDirectory } from '../backend/backend.js';
import { errnoOf, isGone, isSystemError } from '../backend/system-error.js';
import { type LockPath, withLockPath } from '../lock/protocol/lock-path.js';
import { GONE, type Lost, type Made, NOT_KEPT, REPLACED, type Standing } from './place.js';
import type { Steps } from './steps.js';

/** A directory that this process made and holds open. Its descriptor has the lock of the kernel. */
export class KernelMade implements Made {
  readonly #lockPath: LockPath;
  readonly #made: OpenDirectory;
  readonly #isShown: boolean;
  #beat: number | null = null;
  #timer: NodeJS.Timeout | null = null;

  /** @param isShown whether the kernel shows others that this process lives. */
  constructor(lockPath: LockPath, made: OpenDirectory, isShown: boolean) {
    this.#lockPath = lockPath;
    this.#made = made;
    this.#isShown = isShown;
  }

  keep(updateMs: number, staleMs: number, lost: Lost): void {
    const { lease } = this.#lockPath.backend;
    const { descriptor } = this.#made;
    const report = (how: string) => {
      this.stop();
      lost(how);
    };
    const patienceMs = this.#isShown ? Number.POSITIVE_INFINITY : staleMs;
    this.#beat = lease.start(descriptor, updateMs, () => report(this.#howLost() ?? NOT_KEPT), patienceMs);
    // The thread that sets the time does not see that the directory has another name by now.
    this.#timer = setInterval(() => {
      const how = this.#howLost();
      if (how !== null) report(how);
    }, updateMs);
    this.#timer.unref();
  }

  /** null where it is not lost, as far as can be seen. */
  #howLost(): string | null {
    try {
      const found = this.#standing();
      return found === 'own' ? null : found === 'gone' ? GONE : REPLACED;
    } catch (error) {
      // Somebody who may not look any more still has the lock of the kernel.
      if (isSystemError(error)) return null;
      throw error;
    }
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    if (this.#beat !== null) this.#lockPath.backend.lease.stop(this.#beat);
    this.#timer = null;
    this.#beat = null;
  }

  // biome-ignore lint/correctness/useYield: the kernel is asked directly.
  *check(): Steps<Standing> {
    return this.#standing();
  }

  #standing(): Standing {
    const { backend, parent, name } = this.#lockPath;
    const { descriptor, device, inode } = this.#made;
    try {
      return backend.files.isStillAt(parent, name, descriptor, device, inode) ? 'own' : 'replaced';
    } catch (error) {
      if (isGone(error)) return 'gone';
      // Other code of this process closed the descriptor, and the lock of the kernel went with it.
      if (errnoOf(error) === 'EBADF') return 'replaced';
      throw error;
    }
  }

  *remove(): Steps<void> {
    const { backend, parent, name, path } = this.#lockPath;
    try {
      withLockPath(path, () => backend.files.rmdirIfAt(parent, name, this.#made.descriptor));
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  close(): void {
    const { descriptor, device, inode } = this.#made;
    this.#lockPath.backend.files.closeIfStill(descriptor, device, inode);
    this.#lockPath.close();
  }
}
