import { sleepSync } from '../sleep.js';
import { errnoOf } from '../system-error.js';

/** Windows answers these while another program (an indexer, a virus scanner, a contender) has the file open. */
const PASSING: ReadonlySet<string | undefined> = new Set(['EPERM', 'EACCES', 'EBUSY']);
/** Milliseconds between two tries. */
const PAUSES = [1, 2, 5, 10, 20, 50, 100, 200];

/**
 * Runs `call`. On Windows it repeats a call that fails with one of the errors above, for some 400 ms in all, because
 * there they pass. On other systems these errors are final.
 */
export function insist<T>(platform: string, call: () => T): T {
  if (platform !== 'win32') return call();
  for (const pause of PAUSES) {
    try {
      return call();
    } catch (error) {
      if (!PASSING.has(errnoOf(error))) throw error;
      sleepSync(pause);
    }
  }
  return call();
}
