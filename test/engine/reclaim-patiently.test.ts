import { expect, test } from 'vitest';
import { reclaimPatiently } from '../../src/engine/reclaim-patiently.js';

const ENTRY = { key: 'locks/a/77', text: '', version: '7', token: '7' };

/** Reclaims a lock whose one entry has a lease that says so at each look. `goneAt`: when it falls, in ms. */
async function reclaim(
  lease: string | null,
  leftMs: (atMs: number) => number,
  goneAt = Number.POSITIVE_INFINITY,
) {
  const startedAt = performance.now();
  const at = () => performance.now() - startedAt;
  let reports = 0;
  const locks = {
    reclaim: async () =>
      at() < goneAt
        ? { state: lease === null ? 'unknown' : 'held', verdict: null, fencingToken: '7', reclaimed: false }
        : { state: 'free', verdict: null, fencingToken: null, reclaimed: false },
    engine: {
      list: async () => ({ entries: [{ ...ENTRY, lease }], position: '9' }),
      stateOf: async () => ({ leftMs: leftMs(at()), ttlMs: 2_000 }),
    },
  };
  const onWait = () => {
    reports += 1;
  };
  const { state, isRenewed } = await reclaimPatiently(locks as never, 'a', { onWait });
  return { state, isRenewed, reports };
}

/** What a server answers of a lease that ends then: whole seconds. */
const endingAt = (endMs: number) => (atMs: number) => Math.floor((endMs - atMs) / 1_000) * 1_000;

test.concurrent('a lease that runs out is waited for, though its seconds are rounded', async () => {
  expect(await reclaim('1', endingAt(2_100), 2_900)).toEqual({ state: 'free', isRenewed: false, reports: 1 });
});

test.concurrent('a lease that never comes to its end is renewed', async () => {
  expect(await reclaim('1', () => 1_000)).toEqual({ state: 'held', isRenewed: true, reports: 1 });
});

test.concurrent('an entry without a lease is not waited for', async () => {
  expect(await reclaim(null, () => 0)).toEqual({ state: 'unknown', isRenewed: false, reports: 0 });
});
