import type { OpenDirectory } from '../backend/backend.js';
import { errnoOf, isGone } from '../backend/system-error.js';
import { type LockPath, withLockPath } from '../lock/protocol/lock-path.js';
import { GONE, type Lost, type Made, REPLACED, type Standing } from './place.js';
import type { Steps } from './steps.js';

/** A directory that this process made and holds open. Its descriptor has the lock of the kernel. */
export class KernelMade implements Made {
  readonly #lockPath: LockPath;
  readonly #made: OpenDirectory;
  #beat: number | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(lockPath: LockPath, made: OpenDirectory) {
    this.#lockPath = lockPath;
    this.#made = made;
  }

  keep(updateMs: number, _staleMs: number, lost: Lost): void {
    const { lease } = this.#lockPath.backend;
    const report = (how: string) => {
      this.stop();
      lost(how);
    };
    this.#beat = lease.start(this.#made.descriptor, updateMs, () => report(GONE));
    // The thread that sets the time does not see that the directory has another name by now.
    this.#timer = setInterval(() => {
      const found = this.#standing();
      if (found !== 'own') report(found === 'gone' ? GONE : REPLACED);
    }, updateMs);
    this.#timer.unref();
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
