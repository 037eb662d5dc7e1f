/** What is released when the process ends. */
interface Releasable {
  releaseSync(): void;
}

const locks = new Set<Releasable>();
let hasListener = false;

/** Releases the lock when the process ends by itself, by process.exit() or by an uncaught error. */
export function releaseAtExit(lock: Releasable): void {
  locks.add(lock);
  if (!hasListener) process.once('exit', releaseAll);
  hasListener = true;
}

/** The lock is over. */
export function leaveToItself(lock: Releasable): void {
  locks.delete(lock);
}

function releaseAll(): void {
  for (const lock of [...locks]) {
    try {
      lock.releaseSync();
    } catch {
      // The next contender clears it.
    }
  }
}
