import { toIdentity } from '../identity/format.js';
import type { ProcessIdentity } from '../identity/process-identity.js';

/**
 * The identity that a row or a JSON object bears under a name of its own, as an object or as JSON text, such as
 * `{ job: 7, lockedBy: selfIdentity() }`. null when there is none, or several, of which it is unclear whose is the lock.
 */
export function identityUnderAnyKey(row: object): ProcessIdentity | null {
  const found = Object.values(row)
    .map(identityOf)
    .filter((identity) => identity !== null);
  return found.length === 1 ? (found[0] ?? null) : null;
}

function identityOf(value: unknown): ProcessIdentity | null {
  const identity = toIdentity(typeof value === 'string' ? parsed(value) : value);
  return typeof identity === 'string' ? null : identity;
}

function parsed(text: string): unknown {
  try {
    return text.startsWith('{') ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}
