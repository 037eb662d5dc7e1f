import { sleepSync } from '../../sleep.js';
import { errnoOf } from '../system-error.js';

/** What Windows says of a file that somebody else has open for a moment: an indexer, a virus scanner, a contender. */
const PASSING: ReadonlySet<string | undefined> = new Set(['EPERM', 'EACCES', 'EBUSY']);
/** ms */
const PAUSES = [1, 2, 5, 10, 20, 50, 100, 200];

/**
 * Repeats a call on Windows for some 400 ms while it fails in a way that passes there. Elsewhere such a failure means
 * what it says.
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
