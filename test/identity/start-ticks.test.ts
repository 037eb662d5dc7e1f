import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normaliseStartTicks, startTicksIn } from '../../src/identity/start-ticks.js';

const NONE = { seconds: 0, nanoseconds: 0 };
const NS_PER_TICK = 10_000_000n;

/** What the kernel shows to a reader in a shifted time namespace: the sum, rounded down to ticks. */
function shown(startNs: bigint, offset: { seconds: number; nanoseconds: number }): number {
  return Number(
    (startNs + BigInt(offset.seconds) * 1_000_000_000n + BigInt(offset.nanoseconds)) / NS_PER_TICK,
  );
}

test('without a shift, ticks are what was read', () => {
  expect(normaliseStartTicks(5000, NONE)).toEqual({ ticks: 5000, tolerance: 0 });
  expect(normaliseStartTicks(0, NONE)).toEqual({ ticks: 0, tolerance: 0 });
});

test.each([
  ['forward by whole seconds', 105_000, { seconds: 1000, nanoseconds: 0 }, { ticks: 5000, tolerance: 0 }],
  ['back by whole seconds', 4900, { seconds: -1, nanoseconds: 0 }, { ticks: 5000, tolerance: 0 }],
  ['by whole ticks', 5025, { seconds: 0, nanoseconds: 250_000_000 }, { ticks: 5000, tolerance: 0 }],
  ['by part of a tick', 5000, { seconds: 0, nanoseconds: 1 }, { ticks: 5000, tolerance: 1 }],
  [
    'by a second and a half tick',
    5100,
    { seconds: 1, nanoseconds: 5_000_000 },
    { ticks: 5000, tolerance: 1 },
  ],
  [
    'back by half a second, as -1 s and 500 ms',
    4950,
    { seconds: -1, nanoseconds: 500_000_000 },
    { ticks: 5000, tolerance: 0 },
  ],
])('a shift %s is taken out', (_name, asRead, offset, expected) => {
  expect(normaliseStartTicks(asRead, offset)).toEqual(expected);
});

test.each([
  ['what was not read', null, NONE],
  ['a shift that is not known', 5000, null],
  ['a start before boot', 99, { seconds: 1, nanoseconds: 0 }],
  ['a start that wrapped around', 2 ** 64, NONE],
  ['a shift out of range', 5000, { seconds: Number.MAX_SAFE_INTEGER, nanoseconds: 0 }],
])('%s is not known', (_name, asRead, offset) => {
  expect(normaliseStartTicks(asRead, offset)).toBeNull();
});

const YEAR_NS = 365n * 86_400n * 1_000_000_000n;
const offsets = fc.record({
  seconds: fc.integer({ min: -86_400, max: 100_000_000 }),
  nanoseconds: fc.oneof(
    fc.integer({ min: 0, max: 99 }).map((ticks) => ticks * 10_000_000),
    fc.integer({ min: 0, max: 999_999_999 }),
  ),
});
const starts = fc.bigInt({ min: 86_400n * 1_000_000_000n, max: 10n * YEAR_NS });

test('every reader comes to the same ticks, off by no more than it says', () => {
  fc.assert(
    fc.property(starts, offsets, (startNs, offset) => {
      const start = normaliseStartTicks(shown(startNs, offset), offset);
      const off = Number(start?.ticks) - Number(startNs / NS_PER_TICK);
      expect(off).toBeGreaterThanOrEqual(0);
      expect(off).toBeLessThanOrEqual(start?.tolerance ?? -1);
    }),
    { numRuns: 10_000 },
  );
});

test('every reader knows what a process reads in a time namespace of its own, off by no more than it says', () => {
  fc.assert(
    fc.property(starts, offsets, offsets, (startNs, ofReader, ofProcess) => {
      const start = normaliseStartTicks(shown(startNs, ofReader), ofReader);
      if (start === null) throw new Error('no start');
      const { ticks, tolerance } = startTicksIn(ofProcess, start);
      expect(Math.abs(ticks - shown(startNs, ofProcess))).toBeLessThanOrEqual(tolerance);
    }),
    { numRuns: 10_000 },
  );
});
