import { afterEach, expect, test, vi } from 'vitest';
import { Making } from '../../src/proper-lockfile/making.js';
import { setMonotonicClock } from '../helpers/clock.js';

const STALE = 2_000;

afterEach(() => {
  vi.restoreAllMocks();
});

/** What it answers after both clocks have gone on, to a directory whose time was set so many milliseconds after the start. */
function isOwn({ wall, awake, mtime }: { wall: number; awake: number; mtime: number }): boolean {
  const clocks = { wall: 0, awake: 0 };
  const started = Date.now();
  vi.spyOn(Date, 'now').mockImplementation(() => started + clocks.wall);
  setMonotonicClock(() => 1_000 + clocks.awake);
  const making = new Making(STALE);
  Object.assign(clocks, { wall, awake });
  return making.isOwn(() => started + mtime);
}

test.each([
  { what: 'at once, on a server with other clocks', wall: 5, awake: 5, mtime: 3_600_000, expected: true },
  { what: 'after a pause, its own', wall: 6_000, awake: 6_000, mtime: 4, expected: true },
  { what: 'after a pause, a younger one', wall: 6_000, awake: 6_000, mtime: 3_000, expected: false },
  { what: 'after a suspend, a younger one', wall: 6_000, awake: 5, mtime: 3_000, expected: false },
  { what: 'after a suspend, its own', wall: 3_600_000, awake: 5, mtime: 4, expected: true },
  {
    what: 'after a pause, when the clock was set back',
    wall: 500,
    awake: 6_000,
    mtime: 400,
    expected: false,
  },
  {
    what: 'after a pause, on a server with other clocks',
    wall: 6_000,
    awake: 6_000,
    mtime: -3_600_000,
    expected: false,
  },
  {
    what: 'after a pause, one without a time',
    wall: 6_000,
    awake: 6_000,
    mtime: Number.NaN,
    expected: false,
  },
])('what is found $what: $expected', ({ expected, ...times }) => {
  expect(isOwn(times)).toBe(expected);
});
