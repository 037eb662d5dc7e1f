import { describe, expect, test } from 'vitest';
import { Renewals } from '../../src/engine/renewals.js';

const TTL = 30_000;

/** Looks at a lease that is renewed at these moments, with the server's rounding, and says whether two renew it. */
function looks(renewedAt: readonly number[], lookedAt: readonly number[], ttlMs = TTL): boolean {
  const renewals = new Renewals();
  let areTwo = false;
  for (const at of lookedAt) {
    const last = Math.max(...renewedAt.filter((moment) => moment <= at));
    areTwo = renewals.see({ leftMs: Math.floor((last + ttlMs - at) / 1000) * 1000, ttlMs }, at);
  }
  return areTwo;
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
