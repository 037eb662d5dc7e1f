import { describe, expect, test } from 'vitest';
import type { ObservedProcess } from '../../../src/identity/observe-process.js';
import type { Observation } from '../../../src/judge/observation.js';
import type { JudgeOptions } from '../../../src/judge/options.js';
import { decide } from '../../../src/judge/table.js';
import type { OwnerRecord } from '../../../src/record/owner-record.js';
import {
  absent,
  BOOT,
  DEFAULTS,
  exited,
  hidden,
  inWords,
  neverAsking,
  OTHER_BOOT,
  observer,
  record,
  running,
  thread,
  verdictOn,
} from '../builders.js';
import {
  BOOT_TIME,
  besides,
  bornAt,
  bornLate,
  claiming,
  MINUTE,
  NOW,
  oldRecord,
  recordOf,
  SECOND,
  seeing,
  selfBornLate,
  TICK,
  WRITTEN,
  written,
} from './records.js';

describe('the process', () => {
  test.each<[string, ObservedProcess, string]>([
    ['nobody has the number', absent, 'dead: legacy-no-such-process'],
    ['the process has exited', exited(), 'dead: legacy-process-exited'],
    ['the process is hidden', hidden, 'unknown: legacy-process-hidden'],
  ])('%s', (_name, observedProcess, verdict) => {
    expect(verdictOn(oldRecord(), seeing(observedProcess))).toBe(verdict);
  });

  test.each([
    ['born within the slack after the record: unknown', MINUTE, 'unknown: legacy-thread-may-be-owner'],
    ['born before it, and so perhaps its writer: unknown', -SECOND, 'unknown: legacy-thread-may-be-owner'],
    ['born long after it: dead', MINUTE + 2, 'dead: legacy-pid-is-thread'],
  ])('the number is that of a mere thread, %s', (_name, late, verdict) => {
    expect(verdictOn(oldRecord(), besides({ threadTicks: bornAt(WRITTEN + late) }, thread))).toBe(verdict);
  });

  test('of a mere thread whose birth is hidden nothing follows', () => {
    expect(verdictOn(oldRecord(), seeing(thread))).toBe('unknown: legacy-thread-may-be-owner');
  });

  test('a thread of the kernel that is older than the record never wrote it: dead', () => {
    const seen = besides({ isKernelThread: true }, bornLate(-MINUTE));
    expect(verdictOn(oldRecord(), seen)).toBe('dead: legacy-kernel-thread');
  });

  test('a zombie is dead, though its recorded start ticks are equal', () => {
    expect(verdictOn(oldRecord({ starttime: 5000 }), seeing(exited()))).toBe('dead: legacy-process-exited');
  });

  test('a process that may or may not have exited is not dead for that', () => {
    const observedProcess = { ...bornLate(-MINUTE), exited: null };
    expect(verdictOn(oldRecord(), seeing(observedProcess))).toBe('alive: legacy-born-before-record');
  });
});

describe('recorded start ticks', () => {
  test('equal is alive, though the clock says that it was born after the record', () => {
    const record = oldRecord({ starttime: bornAt(WRITTEN + 10 * MINUTE) });
    expect(verdictOn(record, seeing(bornLate(10 * MINUTE)))).toBe('alive: legacy-start-matches');
  });

  test('differing by one from those of a process born before the record: unknown, for they may count otherwise', () => {
    const ticks = bornAt(WRITTEN - MINUTE);
    const record = oldRecord({ starttime: ticks - 1 });
    const seen = seeing(bornLate(-MINUTE), { ticksInOwnTime: { ticks, tolerance: 0 } });
    expect(verdictOn(record, seen)).toBe('unknown: legacy-start-differs');
  });

  test('differing from those of a process born after the record: dead by its birth', () => {
    const record = oldRecord({ starttime: bornAt(WRITTEN - MINUTE) });
    expect(verdictOn(record, seeing(bornLate(2 * MINUTE)))).toBe('dead: legacy-born-after-record');
    expect(verdictOn(record, seeing(bornLate(SECOND)))).toBe('unknown: legacy-time-unclear');
  });

  test('differing with the own number is the bug: dead at once', () => {
    expect(verdictOn(oldRecord({ starttime: 4632230778 }), selfBornLate(SECOND))).toBe(
      'dead: legacy-own-pid-reused',
    );
  });

  describe('where the observer reads ticks shifted by its time namespace', () => {
    /** The observer reads 105 000 where the kernel counts 5000, or 5001 if the shift is no whole tick. */
    function shifted(startTolerance: number, ticksAsRead = 105_000): Observation {
      return seeing({ ...running({ startTolerance }), ticksAsRead });
    }

    test.each([
      ['of the same namespace: as it reads them', 105_000, shifted(0), 'alive: legacy-start-matches'],
      ['of the initial namespace: without the shift', 5000, shifted(0), 'alive: legacy-start-matches'],
      ['off by one within the tolerance', 4999, shifted(1), 'alive: legacy-start-matches'],
      ['off by one without a tolerance', 4999, shifted(0), 'alive: legacy-born-before-record'],
      ['off by two', 4998, shifted(1), 'alive: legacy-born-before-record'],
      ['read as one more by itself', 105_001, shifted(1), 'alive: legacy-born-before-record'],
    ])('a writer %s', (_name, starttime, seen, verdict) => {
      expect(verdictOn(oldRecord({ starttime }), seen)).toBe(verdict);
    });

    test('a shift that is not known leaves the ticks as read', () => {
      const seen = seeing({ ...running({ startTicks: null }), ticksAsRead: 105_000 });
      expect(verdictOn(oldRecord({ starttime: 105_000 }), seen)).toBe('alive: legacy-start-matches');
    });
  });

  describe('where the process reads its ticks in a third time namespace', () => {
    const seenThere = (tolerance: number, ticks = 1_000_500) =>
      seeing(bornLate(-MINUTE), { ticksInOwnTime: { ticks, tolerance } });

    test.each([
      ['as it reads them', 1_000_500, seenThere(0), 'alive: legacy-start-matches'],
      ['off by one within the tolerance', 1_000_501, seenThere(1), 'alive: legacy-start-matches'],
      ['off by one without a tolerance', 1_000_501, seenThere(0), 'unknown: legacy-start-differs'],
    ])('%s', (_name, starttime, seen, verdict) => {
      expect(verdictOn(oldRecord({ starttime }), seen)).toBe(verdict);
    });

    test('that is not known, differing ticks say nothing, and the birth decides', () => {
      const unknown = { ticksInOwnTime: null };
      const record = oldRecord({ starttime: 1_000_500 });
      expect(verdictOn(record, seeing(bornLate(-MINUTE), unknown))).toBe('alive: legacy-born-before-record');
      expect(verdictOn(record, seeing(bornLate(2 * MINUTE), unknown))).toBe('dead: legacy-born-after-record');
      expect(verdictOn(record, seeing(bornLate(SECOND), unknown))).toBe('unknown: legacy-time-unclear');
    });
  });

  test('recorded, but not to be read here: unknown, never different', () => {
    const seen = seeing({ ...running({ startTicks: null }), ticksAsRead: null }, { ticksInOwnTime: null });
    expect(verdictOn(oldRecord({ starttime: 5000 }), seen)).toBe('unknown: legacy-process-hidden');
  });
});

describe('the own number', () => {
  test.each([
    ['born before the record: alive', -1, 'alive: legacy-born-before-record'],
    ['born as the record was written: alive', 0, 'alive: legacy-born-before-record'],
    ['born later, within resolution and a tick: unknown', 1 + TICK, 'unknown: legacy-time-unclear'],
    ['born later than that: dead', 1 + TICK + 1, 'dead: legacy-own-pid-reused'],
    [
      'a crash loop does not wait for the slack of the clock: dead',
      2 * SECOND,
      'dead: legacy-own-pid-reused',
    ],
  ])('%s', (_name, late, verdict) => {
    expect(verdictOn(oldRecord(), selfBornLate(late))).toBe(verdict);
  });

  test('a time cut to the second leaves that second open', () => {
    const cut = oldRecord({ recordedAt: written({ resolutionMs: SECOND }) });
    expect(verdictOn(cut, selfBornLate(SECOND + TICK))).toBe('unknown: legacy-time-unclear');
    expect(verdictOn(cut, selfBornLate(SECOND + TICK + 1))).toBe('dead: legacy-own-pid-reused');
  });

  test('born within the second that its time was cut to: alive', () => {
    const cut = oldRecord({ recordedAt: written({ resolutionMs: SECOND }) });
    expect(verdictOn(cut, selfBornLate(SECOND))).toBe('alive: legacy-born-before-record');
  });

  test('what it wrote before its clock was set forward seems too old by as much: unknown', () => {
    const gained = (ms: number) => selfBornLate(3 * SECOND, { clockGainMs: ms });
    expect(verdictOn(oldRecord(), gained(3 * SECOND))).toBe('unknown: legacy-time-unclear');
    expect(verdictOn(oldRecord(), gained(SECOND))).toBe('dead: legacy-own-pid-reused');
    const { evidence } = decide(oldRecord(), gained(3 * SECOND), DEFAULTS);
    expect(evidence.find(({ check }) => check === 'birth')?.observed).toMatch(
      /, this very process; its clock has gained 3 s since$/,
    );
  });

  test('without any time: unknown', () => {
    expect(verdictOn(oldRecord({ recordedAt: null }), selfBornLate(MINUTE))).toBe(
      'unknown: legacy-time-unclear',
    );
  });

  test('a record of a clock that was never set is still older than the observer: dead', () => {
    const of1970 = oldRecord({ recordedAt: written({ ms: 60_000 }) });
    expect(verdictOn(of1970, selfBornLate(0))).toBe('dead: legacy-own-pid-reused');
  });

  test('a record from the future: alive', () => {
    const future = oldRecord({ recordedAt: written({ ms: NOW + 86_400_000 }) });
    expect(verdictOn(future, selfBornLate(MINUTE))).toBe('alive: legacy-born-before-record');
  });
});

describe('the number of another process', () => {
  test.each([
    ['born before the record: alive', -MINUTE, 'alive: legacy-born-before-record'],
    ['born as the record was written: alive', 0, 'alive: legacy-born-before-record'],
    ['born a moment later, as a stepped clock can make it: unknown', 1, 'unknown: legacy-time-unclear'],
    ['born just within the slack: unknown', MINUTE + 1, 'unknown: legacy-time-unclear'],
    ['born beyond the slack: dead', MINUTE + 2, 'dead: legacy-born-after-record'],
  ])('%s', (_name, late, verdict) => {
    expect(verdictOn(oldRecord(), seeing(bornLate(late)))).toBe(verdict);
  });

  test.each([
    [0, 2, 'dead: legacy-born-after-record'],
    [0, 1, 'unknown: legacy-time-unclear'],
    [5 * MINUTE, 5 * MINUTE, 'unknown: legacy-time-unclear'],
    [5 * MINUTE, 5 * MINUTE + 2, 'dead: legacy-born-after-record'],
    [Number.POSITIVE_INFINITY, 50 * MINUTE, 'unknown: legacy-time-unclear'],
  ])('a clockSlack of %d ms, born %d ms late: %s', (clockSlack, late, verdict) => {
    expect(verdictOn(oldRecord(), seeing(bornLate(late)), { ...DEFAULTS, clockSlack })).toBe(verdict);
  });

  test.each([
    ['1970', 60_000],
    ['the date of a firmware', Date.UTC(2019, 11, 31)],
  ])('a record of a clock that stood at %s proves nothing: unknown', (_name, ms) => {
    const unset = oldRecord({ recordedAt: written({ ms }) });
    expect(verdictOn(unset, seeing(bornLate(0)))).toBe('unknown: legacy-time-unclear');
  });

  test('a record from the future: alive', () => {
    const future = oldRecord({ recordedAt: written({ ms: NOW + 86_400_000 }) });
    expect(verdictOn(future, seeing(bornLate(30 * MINUTE)))).toBe('alive: legacy-born-before-record');
  });

  test('an observer whose own clock is in 1970: alive', () => {
    const seen = seeing(running({ startTicks: '1000' }), { nowMs: 60_000 });
    expect(verdictOn(oldRecord(), seen)).toBe('alive: legacy-born-before-record');
  });

  test('no time recorded, no mtime either: unknown', () => {
    expect(verdictOn(oldRecord({ recordedAt: null }), seeing(bornLate(MINUTE)))).toBe(
      'unknown: legacy-time-unclear',
    );
  });

  test('the time since boot is not known: unknown', () => {
    const seen = seeing(bornLate(10 * MINUTE), { bootTimeMs: null });
    expect(verdictOn(oldRecord(), seen)).toBe('unknown: legacy-time-unclear');
  });

  test('a process from the future of the boot clock has no birth: unknown', () => {
    const seen = seeing(running({ startTicks: String(BOOT_TIME / 10 + 2) }));
    expect(verdictOn(oldRecord(), seen)).toBe('unknown: legacy-time-unclear');
  });

  test("the file's mtime stands in for a time that is not recorded", () => {
    const byMtime = oldRecord({ recordedAt: written({ resolutionMs: TICK, source: 'file mtime' }) });
    expect(verdictOn(byMtime, seeing(bornLate(-MINUTE)))).toBe('alive: legacy-born-before-record');
    expect(verdictOn(byMtime, seeing(bornLate(2 * MINUTE)))).toBe('dead: legacy-born-after-record');
    const { evidence } = decide(byMtime, seeing(bornLate(2 * MINUTE)), DEFAULTS);
    expect(evidence.find(({ check }) => check === 'birth')?.recorded).toBe(
      'written 2026-04-29T10:33:24.809Z (file mtime)',
    );
  });
});

describe('the certainty', () => {
  test.each<[string, Observation]>([
    ['dead', seeing(absent)],
    ['alive', seeing(bornLate(-1))],
    ['unknown', seeing(hidden)],
  ])('of a verdict by pid alone is assumed: %s', (state, seen) => {
    expect(decide(oldRecord(), seen, DEFAULTS)).toMatchObject({ state, certainty: 'assumed' });
  });

  test('with legacy: unknown nothing is assumed and nothing is read', () => {
    const options: JudgeOptions = { ...DEFAULTS, legacy: 'unknown' };
    const seen = neverAsking(['observedProcess', 'namesakes', 'nowMs', 'bootTimeMs'], seeing(absent));
    expect(inWords(decide(oldRecord(), seen, options))).toBe('unknown: legacy-not-assumed');
  });

  test('with legacy: unknown a record with an identity is judged as ever', () => {
    const options: JudgeOptions = { ...DEFAULTS, legacy: 'unknown' };
    expect(verdictOn(record(), seeing(absent), options)).toBe('dead: no-such-process');
  });
});

describe('another boot id', () => {
  const BOOTED = WRITTEN + 10 * MINUTE;
  const elsewhere = recordOf({ bootId: OTHER_BOOT });
  const since = (bootedAtMs: number | null, rest: Partial<Observation> = {}) =>
    besides({ bootedAtMs }, bornLate(11 * MINUTE), rest);

  test('in a file that is older than this boot, on a filesystem of one kernel: dead, whoever has the number', () => {
    expect(verdictOn(elsewhere, since(BOOTED))).toBe('dead: legacy-rebooted');
  });

  test.each<[string, OwnerRecord, Observation]>([
    ['a file written since this boot', elsewhere, since(WRITTEN - SECOND)],
    ['a file written within the slack of it', elsewhere, since(WRITTEN + MINUTE)],
    ['a boot of which the time is not known', elsewhere, since(null)],
    [
      'a file that a step of the clock since then may have made older',
      elsewhere,
      besides({ bootedAtMs: BOOTED, clockStepSince: () => 9 * MINUTE }, bornLate(11 * MINUTE)),
    ],
    ['a record without a time', recordOf({ bootId: OTHER_BOOT }, { recordedAt: null }), since(BOOTED)],
    ['a network filesystem', elsewhere, since(BOOTED, { filesystem: 'nfs' })],
    ['a tmpfs, which has seen no other', elsewhere, since(BOOTED, { filesystem: 'tmpfs' })],
    ['no file', elsewhere, since(BOOTED, { filesystem: null })],
    [
      'an own one that something is mounted over',
      elsewhere,
      since(BOOTED, { self: observer({ bootIdNative: false }) }),
    ],
    ['an own one that is not known', elsewhere, since(BOOTED, { self: observer({ bootId: null }) })],
    ['the same one', recordOf({ bootId: BOOT }), since(BOOTED)],
  ])('proves no reboot with %s', (_name, judged, seen) => {
    expect(verdictOn(judged, seen)).not.toBe('dead: legacy-rebooted');
  });
});

describe('a boot after the record, where no birth is known', () => {
  /** The boot was so many ms after the record was written, as a process on that system sees it. */
  const booted = (
    late: number,
    rest: Partial<Observation> = {},
    seen: ObservedProcess = hidden,
    platform = 'darwin',
  ): Observation => besides({ bootedAtMs: WRITTEN + late }, seen, { platform, filesystem: 'apfs', ...rest });

  /** As the addons for Windows and macOS see a process. */
  const birthless: ObservedProcess = { ...running(), ticksAsRead: null };
  const ended: ObservedProcess = { ...birthless, exited: true };

  test.each<[string, Observation, string]>([
    ['by more than the slack: dead', booted(MINUTE + 2), 'dead: legacy-before-boot'],
    [
      'on Windows too',
      booted(MINUTE + 2, { filesystem: 'windows' }, hidden, 'win32'),
      'dead: legacy-before-boot',
    ],
    ['within the slack: unknown', booted(MINUTE), 'unknown: legacy-process-hidden'],
    ['but before it: unknown', booted(-MINUTE), 'unknown: legacy-process-hidden'],
    [
      'on Linux, where births are known: unknown',
      booted(MINUTE + 2, {}, hidden, 'linux'),
      'unknown: legacy-process-hidden',
    ],
    ['nobody has the number: dead for that', booted(MINUTE + 2, {}, absent), 'dead: legacy-no-such-process'],
    [
      'the process is seen, but not its birth: dead',
      booted(MINUTE + 2, {}, birthless),
      'dead: legacy-before-boot',
    ],
    [
      'within the slack, it is seen: unknown',
      booted(MINUTE, {}, birthless),
      'unknown: legacy-process-hidden',
    ],
    [
      'its birth is seen: that decides',
      booted(MINUTE + 2, {}, bornLate(-MINUTE)),
      'alive: legacy-born-before-record',
    ],
    ['it is seen to have ended: dead for that', booted(MINUTE + 2, {}, ended), 'dead: legacy-process-exited'],
    ['on a share: unknown', booted(MINUTE + 2, { filesystem: 'unknown' }), 'unknown: legacy-shared-place'],
  ])('%s', (_name, seen, verdict) => {
    expect(verdictOn(oldRecord(), seen)).toBe(verdict);
  });

  test('is not known, or the record has no time, or one of a clock that was never set: unknown', () => {
    const seen = booted(MINUTE + 2);
    expect(verdictOn(oldRecord({ recordedAt: null }), seen)).toBe('unknown: legacy-process-hidden');
    const ofFactory = written({ ms: Date.UTC(1970, 0, 2) });
    expect(verdictOn(oldRecord({ recordedAt: ofFactory }), seen)).toBe('unknown: legacy-process-hidden');
    const unknown = besides({ bootedAtMs: null }, hidden, { platform: 'darwin' });
    expect(verdictOn(oldRecord(), unknown)).toBe('unknown: legacy-process-hidden');
  });

  test('is no ground against a sign of life, or a step of the clock; no process of now is an objection', () => {
    const sign = { key: 'heartbeat', ms: NOW - SECOND, resolutionMs: 1 };
    const objected = claiming({ signs: [sign] });
    expect(verdictOn(objected, booted(MINUTE + 2))).toBe('unknown: legacy-sign-of-life');
    const withChild = claiming({ otherPids: [{ key: 'childPid', pid: 9 }] });
    const worker = { bootedAtMs: WRITTEN + 2 * MINUTE, workerAt: () => ({ pid: 9, ticksAsRead: null }) };
    const rest = { platform: 'darwin', filesystem: 'apfs' };
    expect(verdictOn(withChild, besides(worker, hidden, rest))).toBe('dead: legacy-before-boot');
    for (const step of [3 * MINUTE, Number.POSITIVE_INFINITY]) {
      const stepped = { bootedAtMs: WRITTEN + 2 * MINUTE, clockStepSince: () => step };
      expect(verdictOn(oldRecord(), besides(stepped, hidden, rest))).toBe('unknown: legacy-clock-stepped');
    }
  });
});

describe('a boot time', () => {
  test('of long ago is for people: the birth of the process decides', () => {
    const judged = recordOf({ bootTimeMs: 1_000_000_000_000 });
    expect(verdictOn(judged, seeing(bornLate(-MINUTE)))).toBe('alive: legacy-born-before-record');
  });
});

describe('the evidence', () => {
  test('shows what the record says of its machine, and what is assumed for want of it', () => {
    const named = recordOf({ hostname: 'gateway', bootTimeMs: WRITTEN });
    const checks = decide(named, seeing(absent), DEFAULTS).evidence.map(({ check }) => check);
    expect(checks.slice(0, 5)).toEqual(['pid-namespace', 'boot-id', 'hostname', 'boot-time', 'process']);
    const [namespace, boot] = decide(oldRecord(), seeing(absent), DEFAULTS).evidence;
    expect(namespace).toMatchObject({ recorded: null, observed: 'assumed to be this one (4026532001)' });
    expect(boot).toMatchObject({ recorded: null, observed: 'assumed to be of this machine' });
  });
});
