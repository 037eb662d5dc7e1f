import { describe, expect, test } from 'vitest';
import type { Obstacle } from '../../src/lock/waiting/obstacle.js';
import { AT_ONCE, Pace } from '../../src/lock/waiting/pace.js';

// When a waiter looks again, as sequences of what it sees and how it is woken. No clock is involved.

const OWNER = {} as NonNullable<Obstacle['owner']>;
/** The lock has an owner and is at rest. */
const HELD: Obstacle = { owner: OWNER, verdict: null, description: 'held', moving: false };
/** The lock is between two steps of a release. */
const OWNERLESS: Obstacle = { ...HELD, owner: null };
const MOVING: Obstacle = { ...HELD, moving: true };

const POLL = 100;
const SAFETY = 15_000;

/** A pace without jitter. */
const steady = () => new Pace(() => 0.5);

/** The pauses of a waiter whose looks all show `seen`, and that is woken at the end of the first pause alone. */
function pausesAfterWake(seen: Obstacle, isWatchComplete: boolean, count: number): number[] {
  const pace = steady();
  const first = pace.afterLook(HELD, isWatchComplete);
  pace.afterPause(0.1, first);
  return Array.from({ length: count }, () => {
    const ms = pace.afterLook(seen, isWatchComplete);
    pace.afterPause(ms, ms);
    return ms;
  });
}

describe('a waiter', () => {
  test('looks at the safety interval where every change is reported, and polls where not', () => {
    expect(steady().afterLook(HELD, true)).toBe(SAFETY);
    expect(steady().afterLook(HELD, false)).toBe(POLL);
  });

  test('that was woken looks again after 2, 14 and 98 ms, and then as before', () => {
    for (const seen of [HELD, OWNERLESS]) {
      expect(pausesAfterWake(seen, false, 5)).toEqual([2, 14, 98, POLL, POLL]);
      expect(pausesAfterWake(seen, true, 5)).toEqual([2, 14, 98, SAFETY, SAFETY]);
    }
  });

  test('that is woken again starts again', () => {
    const pace = steady();
    for (const [took, expected] of [
      [1, SAFETY],
      [2, 2],
      [3, 14],
      [98, 2],
      [15, 14],
    ] as const) {
      const ms = pace.afterLook(HELD, true);
      expect(ms).toBe(expected);
      pace.afterPause(took, ms);
    }
  });

  test('takes a pause that ended within a millisecond of its time for one that nothing ended', () => {
    const pace = steady();
    pace.afterPause(SAFETY - 0.9, SAFETY);
    expect(pace.afterLook(HELD, true)).toBe(SAFETY);
    pace.afterPause(SAFETY - 1.1, SAFETY);
    expect(pace.afterLook(HELD, true)).toBe(2);
  });

  test('repeats a look that found the lock changing at once, eight times in a row', () => {
    const pace = steady();
    for (let round = 0; round < 3; round += 1) {
      const pauses = Array.from({ length: 9 }, () => pace.afterLook(MOVING, true));
      expect(pauses).toEqual([...Array.from({ length: 8 }, () => AT_ONCE), POLL]);
      pace.afterPause(POLL, POLL);
    }
  });

  test('that lost a race to a new owner polls once, and then rests', () => {
    const pace = steady();
    pace.afterPause(0.1, SAFETY);
    expect(pace.afterLook(MOVING, true)).toBe(AT_ONCE);
    expect(pace.afterLook(HELD, true)).toBe(POLL);
    pace.afterPause(POLL, POLL);
    expect(pace.afterLook(HELD, true)).toBe(SAFETY);
  });

  test('that finds a change without an owner after it looks again soon', () => {
    const pace = steady();
    pace.afterPause(0.1, SAFETY);
    expect(pace.afterLook(MOVING, true)).toBe(AT_ONCE);
    expect(pace.afterLook(OWNERLESS, true)).toBe(2);
  });

  test('that was not woken rests although its watch has just started', () => {
    const pace = steady();
    expect(pace.afterLook(MOVING, true)).toBe(AT_ONCE);
    expect(pace.afterLook(HELD, true)).toBe(SAFETY);
  });

  test('leaves the looking to another waiter of its thread, even just after it was woken', () => {
    const pace = steady();
    expect(pace.whileAnotherLooks()).toBe(SAFETY);
    pace.afterPause(0.1, SAFETY);
    expect(pace.whileAnotherLooks()).toBe(SAFETY);
    expect(pace.afterLook(HELD, true)).toBe(2);
  });

  test('looks when time alone may change the state, but never later than otherwise', () => {
    expect(steady().afterLook({ ...HELD, lookAgainIn: 1234 }, true)).toBe(1234);
    expect(steady().afterLook({ ...HELD, lookAgainIn: 30 }, false)).toBe(30);
    expect(steady().afterLook({ ...HELD, lookAgainIn: 1234 }, false)).toBe(POLL);
    expect(steady().afterLook({ ...HELD, lookAgainIn: 60_000 }, true)).toBe(SAFETY);
    // A later look would count for less, and an earlier one shows nothing.
    for (const random of [0, 1]) {
      expect(new Pace(() => random).afterLook({ ...HELD, lookAgainIn: 1234 }, true)).toBe(1234);
    }
  });

  test('varies each pause by a fifth at most, in both directions', () => {
    for (const [random, share] of [
      [0, 0.8],
      [0.25, 0.9],
      [1, 1.2],
    ] as const) {
      const pace = new Pace(() => random);
      expect(pace.afterLook(HELD, true)).toBeCloseTo(SAFETY * share, 6);
      expect(pace.whileAnotherLooks()).toBeCloseTo(SAFETY * share, 6);
      expect(pace.afterLook(MOVING, true)).toBe(AT_ONCE);
    }
    const pauses = Array.from({ length: 200 }, () => new Pace().afterLook(HELD, false));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(80);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(120);
    expect(new Set(pauses).size).toBeGreaterThan(100);
  });
});
