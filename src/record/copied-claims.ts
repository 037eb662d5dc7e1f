import { Fields } from '../text/json-fields.js';
import { copiedTime } from './record-time.js';
import type { StrangerClaims } from './stranger-claims.js';

/** The claims in a copy of an OwnerRecord, such as the JSON of one from another process. null when it is no such copy. */
export function copiedClaims(value: unknown): StrangerClaims | null {
  if (typeof value !== 'object' || value === null) return null;
  const fields = new Fields(value);
  const starts = listOf(fields.get('starts'), 'value', isStart);
  const otherPids = listOf(fields.get('otherPids'), 'pid', isNumber);
  const signs = listOf(fields.get('signs'), 'ms', isNumber);
  if (starts === null || otherPids === null || signs === null) return null;
  return {
    starts: starts.map(([key, value]) => ({ key, value })),
    otherPids: otherPids.map(([key, pid]) => ({ key, pid })),
    signs: signs.map(([key, ms]) => ({ key, ms })),
    writtenAt: copiedTime(fields.get('writtenAt')),
    touchedAt: copiedTime(fields.get('touchedAt')),
  };
}

/** The pairs of `key` and the named field. null when something in the list is no such pair. */
function listOf<T>(list: unknown, name: string, fits: (value: unknown) => value is T): [string, T][] | null {
  if (!Array.isArray(list)) return null;
  const pairs: [string, T][] = [];
  for (const item of list) {
    const fields = new Fields(Object(item) as object);
    const key = fields.get('key');
    const value = fields.get(name);
    if (typeof key !== 'string' || !fits(value)) return null;
    pairs.push([key, value]);
  }
  return pairs;
}

function isStart(value: unknown): value is number | string {
  return isNumber(value) || typeof value === 'string';
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
