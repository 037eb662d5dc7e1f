import type { Entry } from '../engine.js';

/** The transaction that removes an entry as it was read, and nothing else. */
export function removalOf({ key, version }: Pick<Entry, 'key' | 'version'>): object {
  const name = encode(key);
  return {
    // The revision of the last write is that of no other entry, and a lease changes with a write only.
    compare: [{ key: name, target: 'MOD', mod_revision: version, result: 'EQUAL' }],
    success: [{ request_delete_range: { key: name } }],
  };
}

/** A text as the gateway wants it. */
export function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}
