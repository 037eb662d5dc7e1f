import { describe, expect, test } from 'vitest';
import { ProofOfDeath } from '../../src/engine/proof-of-death.js';
import { Renewals } from '../../src/engine/renewals.js';
import { ownerRecordOf } from '../../src/record/format.js';
import { newRecord } from '../record/records.js';

const TTL = 30_000;

/** Looks at a lease that is renewed at these moments, with the server's rounding, and says whether two renew it. */
function looks(renewedAt: readonly number[], lookedAt: readonly number[], ttlMs = TTL): boolean {
  const renewals = new Renewals();
  for (const at of lookedAt) {
    const last = Math.max(...renewedAt.filter((moment) => moment <= at));
    renewals.see({ leftMs: Math.floor((last + ttlMs - at) / 1000) * 1000, ttlMs }, at);
  }
  return renewals.areOfTwo;
}

describe('renewals of a lease', () => {
  test('one process renews it once in a third of its time, whenever it is looked at', () => {
    for (let step = 700; step < 12_000; step += 650) {
      const lookedAt = Array.from({ length: 40 }, (_, n) => n * step + 100);
      expect(
        looks(
          [0, 10_000, 20_010, 30_050, 40_000, 50_100],
          lookedAt.filter((at) => at < 60_000),
        ),
        `${step}`,
      ).toBe(false);
    }
  });

  test('one that comes late, or stopped for a while, is still one', () => {
    expect(looks([0, 10_000, 27_000], [100, 11_000, 20_000, 28_000, 36_000])).toBe(false);
  });

  test('a second process shows, and is not forgotten', () => {
    expect(looks([0, 5_000], [100, 6_000])).toBe(true);
    expect(looks([0, 5_000, 10_000, 20_000], [100, 6_000, 16_000, 26_000])).toBe(true);
  });

  test('a look alone shows nothing', () => {
    expect(looks([0], [100])).toBe(false);
    expect(looks([0], [100, 400, 900, 1_500])).toBe(false);
  });
});

describe('the removal of a dead owner’s entry', () => {
  const entry = { key: 'locks/a/77', text: '', token: '5', version: '5', lease: '77' };

  /** What is said of it, when the lease has so many ms left at each look. */
  async function pauses(settle: number, leftMs: readonly number[], recorded?: number): Promise<number[]> {
    const left = [...leftMs];
    const engine = { stateOf: async () => ({ leftMs: left.shift() as number, ttlMs: TTL }) };
    const proof = new ProofOfDeath(engine as never, { settle, trustBootId: false });
    const owner = ownerRecordOf(newRecord({ lease: { durationMs: TTL, settleMs: recorded } }));
    const said: number[] = [];
    while (left.length > 0) said.push(await proof.pauseBeforeRemoval(entry, owner));
    return said;
  }

  test('waits for settle', async () => {
    expect(await pauses(0, [20_000])).toEqual([0]);
    const [first, second] = await pauses(5_000, [20_000, 19_000]);
    expect(first).toBeGreaterThan(4_000);
    expect(second).toBeGreaterThan(4_000);
  });

  test('waits for the settle that the owner recorded, if that is longer', async () => {
    const [recorded, longer] = [await pauses(0, [20_000], 5_000), await pauses(9_000, [20_000], 5_000)];
    expect(recorded[0]).toBeGreaterThan(4_000);
    expect(recorded[0]).toBeLessThan(5_001);
    expect(longer[0]).toBeGreaterThan(8_000);
  });

  test('does not come when somebody has renewed the lease since', async () => {
    // That is more than was granted, so that the renewal lies after the death though no time has passed in the test.
    const [first, second] = await pauses(5_000, [20_000, TTL + 2_000]);
    expect(first).toBeGreaterThan(4_000);
    expect(second).toBe(Number.POSITIVE_INFINITY);
  });
});
