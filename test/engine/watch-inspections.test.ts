import { expect, test } from 'vitest';
import type { NamedInspection } from '../../src/engine/locks.js';
import { watchInspections } from '../../src/engine/watch-inspections.js';
import { until } from '../helpers/until.js';

const HELD = { state: 'held', owner: { nonce: 'a' }, fencingToken: '7', verdict: { state: 'alive' } };

test.each(['listen', 'inspect'])('an outage is reported once, and its end: %s fails', async (what) => {
  let isOut = false;
  let looks = 0;
  const fail = (name: string) => {
    looks += 1;
    if (isOut && name === what) throw new Error('the server is away');
  };
  const seen: NamedInspection[] = [];
  const watch = await watchInspections(
    async () => {
      fail('inspect');
      return HELD as unknown as NamedInspection;
    },
    (inspection) => seen.push(inspection),
    async () => {
      fail('listen');
      return null;
    },
    1,
  );
  isOut = true;
  await until('it is reported', () => seen.length === 2);
  looks = 0;
  await until('it looks again', () => looks > 4);
  isOut = false;
  await until('its end is reported', () => seen.length === 3);
  watch.close();
  expect(seen.map(({ state }) => state)).toEqual(['held', 'unknown', 'held']);
  expect(seen[1]).toMatchObject({ owner: HELD.owner, verdict: null });
  expect(seen[1]?.description).toBe('it cannot be seen now: the server is away');
});
