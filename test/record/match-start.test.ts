import { describe, expect, test } from 'vitest';
import { matchStart, type StartFacts } from '../../src/record/match-start.js';

/** The machine was booted at 13:32:00.370, and the process started 1 h 40 min 0.25 s later, 3 h ago. */
const BOOTED = Date.UTC(2026, 10, 28, 13, 32, 0, 370);
const TICKS = 600_025;
const BORN = BOOTED + TICKS * 10;
const AGE = 3 * 3_600_000;
const NOW = BORN + AGE;

const FACTS: StartFacts = { own: { ticks: TICKS, tolerance: 0 }, elsewhere: [], ageMs: AGE, nowMs: NOW };

const SECONDS = Math.floor(BORN / 1000);
/** As psutil adds them up: `btime` of /proc/stat, which is cut to the second, and the ticks. */
const CREATE_TIME = (Math.floor(BOOTED / 1000) * 100 + TICKS) / 100;

describe('the start of a process matches', () => {
  test.each<[string, number | string]>([
    ['ticks', TICKS],
    ['ticks as text', String(TICKS)],
    ['ticks with their kind', `linux:${TICKS}`],
    ['seconds since boot', 6000],
    ['seconds since boot, rounded up', 6001],
    ['seconds since boot with a fraction', 6000.25],
    ['ms since boot', 6_000_250],
    ['seconds since the epoch', SECONDS],
    ['seconds since the epoch as text', String(SECONDS)],
    ['seconds since the epoch, from the cut time of the boot', SECONDS - 1],
    ['seconds since the epoch with a fraction', BORN / 1000],
    ['seconds since the epoch from psutil', CREATE_TIME],
    ['ms since the epoch', BORN],
    ['ms since the epoch, from the cut time of the boot', CREATE_TIME * 1000],
    ['microseconds since the epoch', BORN * 1000],
    ['ISO text', new Date(BORN).toISOString()],
    ['ISO text with a zone', '2026-11-28T20:42:00.620+05:30'],
    ['ISO text without a zone, in UTC', '2026-11-28T15:12:00'],
    ['the text of ps -o lstart', 'Sat Nov 28 15:12:00 2026'],
    ['the text of date -u', 'Sat Nov 28 15:12:00 UTC 2026'],
    ['the text of toUTCString', new Date(BORN).toUTCString()],
  ])('in %s', (_unit, claim) => {
    expect(matchStart(claim, FACTS)).toBe('matches');
  });

  test('in the time namespace of the process, and in those where its writer may have read it', () => {
    const elsewhere = [{ ticks: 900_025, tolerance: 1 }];
    expect(matchStart(TICKS, { ...FACTS, elsewhere })).toBe('matches');
    expect(matchStart(900_024, { ...FACTS, elsewhere })).toBe('matches');
    expect(matchStart(9000, { ...FACTS, elsewhere })).toBe('matches');
    expect(matchStart(900_023, { ...FACTS, elsewhere })).toBe('differs');
  });
});

describe('another start', () => {
  test.each<[string, number | string]>([
    ['ticks', TICKS - 1],
    ['ticks as text', String(TICKS - 1)],
    ['ticks of a process that started later', TICKS + 1],
    ['seconds since boot', 5998],
  ])('in %s differs', (_unit, claim) => {
    expect(matchStart(claim, FACTS)).toBe('differs');
  });

  test.each<[string, number | string]>([
    // The clock may have been set.
    ['seconds since the epoch', SECONDS - 3],
    ['ms since the epoch', BORN - 500],
    ['ISO text', new Date(BORN - 60_000).toISOString()],
    ['the text of ps', 'Sat Nov 28 15:11:57 2026'],
    // The writer may mean the time since boot at which it wrote.
    ['seconds since boot in the life of the process', 6100],
    ['ms since boot', 6_000_220],
    ['more ticks than the machine is old', TICKS + AGE / 10 + 1],
  ])('in %s is unclear', (_unit, claim) => {
    expect(matchStart(claim, FACTS)).toBe('unclear');
  });

  test.each([0, -1, -TICKS, Number.NaN, Number.POSITIVE_INFINITY, 0.5, '', '0', 'x', '0x9267', 'darwin-1'])(
    '%j is not known',
    (claim) => {
      expect(matchStart(claim, FACTS)).toBe('unclear');
    },
  );
});

test('nothing differs where the time namespace of the process, or its age, is not known', () => {
  const elsewhere = [{ ticks: TICKS, tolerance: 0 }];
  for (const facts of [
    { ...FACTS, own: null, elsewhere },
    { ...FACTS, ageMs: null },
  ]) {
    expect(matchStart(TICKS, facts)).toBe('matches');
    expect(matchStart(TICKS - 1, facts)).toBe('unclear');
  }
});

test('no time by the wall clock matches where the clock does not count', () => {
  for (const claim of [SECONDS, BORN, new Date(BORN).toISOString()]) {
    expect(matchStart(claim, { ...FACTS, nowMs: null })).toBe('unclear');
  }
});

test('a number of seconds since the epoch is unclear also where the machine has run for as many ticks', () => {
  const own = { ticks: 1_700_000_000, tolerance: 0 };
  expect(matchStart(1_600_000_000, { ...FACTS, own })).toBe('unclear');
});
