import { describe, expect, test } from 'vitest';
import type { Namesake } from '../../src/identity/namesakes.js';
import type { ObservedProcess } from '../../src/identity/observe-process.js';
import type { JudgeOptions } from '../../src/judge/legacy.js';
import type { Observation } from '../../src/judge/observation.js';
import { decide } from '../../src/judge/table.js';
import { machineRecord } from '../../src/record/legacy-fields.js';
import type { MachineRecord, OwnerRecord, RecordTime } from '../../src/record/owner-record.js';
import {
  absent,
  BOOT,
  DEFAULTS,
  exited,
  hidden,
  inWords,
  namesake,
  neverAsking,
  OTHER_BOOT,
  observation,
  observer,
  record,
  running,
  thread,
  verdictOn,
} from './builders.js';

/** The time at which the record was written. */
const WRITTEN = Date.UTC(2026, 3, 29, 10, 33, 24, 809);
const NOW = WRITTEN + 3_600_000;
const BOOT_TIME = 9_000_000;
const TICK = 10;

const [SECOND, MINUTE] = [1000, 60_000];

/** The record that the bug is about: a pid and a time, and no identity. */
function oldRecord(overrides: Partial<OwnerRecord> = {}): OwnerRecord {
  return record(
    {},
    { version: null, identity: null, starttime: null, nonce: null, recordedAt: written(), ...overrides },
  );
}

function written(overrides: Partial<RecordTime> = {}): RecordTime {
  return { ms: WRITTEN, resolutionMs: 1, source: 'record', ...overrides };
}

function seeing(observedProcess: ObservedProcess, overrides: Partial<Observation> = {}): Observation {
  return observation({ nowMs: NOW, bootTimeMs: BOOT_TIME, observedProcess, ...overrides });
}

/** Start ticks of a process that was born at this time. */
function bornAt(ms: number): number {
  return (BOOT_TIME - (NOW - ms)) / 10;
}

/** A process that has the number and was born so many ms after the record was written. */
function bornLate(ms: number): ObservedProcess {
  return running({ startTicks: String(bornAt(WRITTEN + ms)) });
}

/** Observes such a process, which is the observer itself. */
function selfBornLate(ms: number, overrides: Partial<Observation> = {}): Observation {
  return seeing(bornLate(ms), { self: observer({ pid: 7 }), ...overrides });
}

describe('the process', () => {
  test.each<[string, ObservedProcess, string]>([
    ['nobody has the number', absent, 'dead: legacy-no-such-process'],
    ['the number is that of a mere thread', thread, 'dead: legacy-pid-is-thread'],
    ['the process has exited', exited(), 'dead: legacy-process-exited'],
    ['the process is hidden', hidden, 'unknown: legacy-process-hidden'],
  ])('%s', (_name, observedProcess, verdict) => {
    expect(verdictOn(oldRecord(), seeing(observedProcess))).toBe(verdict);
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

  test('differing by one is dead, though the clock says that it was born before the record', () => {
    const record = oldRecord({ starttime: bornAt(WRITTEN - MINUTE) + 1 });
    expect(verdictOn(record, seeing(bornLate(-MINUTE)))).toBe('dead: legacy-start-differs');
  });

  test('differing with the own number is the bug: dead at once', () => {
    expect(verdictOn(oldRecord({ starttime: 4632230778 }), selfBornLate(SECOND))).toBe(
      'dead: legacy-start-differs',
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
      ['off by one without a tolerance', 4999, shifted(0), 'dead: legacy-start-differs'],
      ['off by two', 4998, shifted(1), 'dead: legacy-start-differs'],
      ['read as one more by itself', 105_001, shifted(1), 'dead: legacy-start-differs'],
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
      ['off by one without a tolerance', 1_000_501, seenThere(0), 'dead: legacy-start-differs'],
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
    const seen = seeing({ ...running({ startTicks: null }), ticksAsRead: null });
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

describe('a time that a file server gave to the file', () => {
  const byMtime = oldRecord({ recordedAt: written({ resolutionMs: TICK, source: 'file mtime' }) });

  test.each(['nfs', 'fuse', '9p', 'unknown'])(
    'is of another clock, on %s: nothing dies by it',
    (filesystem) => {
      expect(verdictOn(byMtime, seeing(bornLate(2 * MINUTE), { filesystem }))).toBe(
        'unknown: legacy-time-unclear',
      );
      expect(verdictOn(byMtime, selfBornLate(MINUTE, { filesystem }))).toBe('unknown: legacy-time-unclear');
    },
  );

  test('does not matter where the record has a time of its own', () => {
    expect(verdictOn(oldRecord(), selfBornLate(MINUTE, { filesystem: 'nfs' }))).toBe(
      'dead: legacy-own-pid-reused',
    );
  });
});

describe('a process in a descendant PID namespace that bears the number', () => {
  function bearing(...found: Namesake[]): Partial<Observation> {
    return { namesakes: { found, complete: false, hidden: false } };
  }
  const old = namesake({}, { ticksAsRead: bornAt(WRITTEN - MINUTE) });
  const young = namesake({}, { ticksAsRead: bornAt(WRITTEN + 1 + TICK + 1) });
  const kept = 'unknown: legacy-namesake-in-descendant';

  test.each<[string, ObservedProcess]>([
    ['no such process', absent],
    ['a thread', thread],
    ['a zombie', exited()],
    ['another process born later', bornLate(2 * MINUTE)],
  ])('it may be the writer: unknown, though here the number is that of %s', (_name, observedProcess) => {
    expect(verdictOn(oldRecord(), seeing(observedProcess, bearing(old)))).toBe(kept);
  });

  test('it may be the writer, though the own number was reused', () => {
    expect(verdictOn(oldRecord(), selfBornLate(MINUTE, bearing(old)))).toBe(kept);
  });

  test('the evidence names it', () => {
    const { evidence } = decide(oldRecord(), seeing(absent, bearing(old)), DEFAULTS);
    expect(evidence.at(-1)).toMatchObject({
      check: 'descendant-namespaces',
      observed: 'pid 31007 here is pid 7 of PID namespace 4026532002',
    });
  });

  test.each<[string, Namesake, OwnerRecord, string]>([
    ['born after the record: dead', young, oldRecord(), 'dead: legacy-no-such-process'],
    ['exited: dead', { ...old, exited: true }, oldRecord(), 'dead: legacy-no-such-process'],
    ['perhaps exited: unknown', { ...old, exited: null }, oldRecord(), kept],
    ['of unknown birth: unknown', { ...young, ticksAsRead: null }, oldRecord(), kept],
    ['of a later birth, but the record has no time: unknown', young, oldRecord({ recordedAt: null }), kept],
  ])('%s', (_name, found, judged, verdict) => {
    expect(verdictOn(judged, seeing(absent, bearing(found)))).toBe(verdict);
  });

  test('one that is too young does not hide an older one', () => {
    expect(verdictOn(oldRecord(), seeing(absent, bearing(young, old)))).toBe(kept);
  });

  test('it is searched for only when the record would be dead', () => {
    const alive = neverAsking(['namesakes'], seeing(bornLate(-MINUTE)));
    expect(verdictOn(oldRecord(), alive)).toBe('alive: legacy-born-before-record');
    const unclear = neverAsking(['namesakes'], seeing(hidden));
    expect(verdictOn(oldRecord(), unclear)).toBe('unknown: legacy-process-hidden');
  });
});

describe('what the record says of its machine', () => {
  function of(machine: Partial<MachineRecord>, overrides: Partial<OwnerRecord> = {}): OwnerRecord {
    return oldRecord({ machine: machineRecord(machine), ...overrides });
  }
  const elsewhere = of({ bootId: OTHER_BOOT });

  test.each<[string, OwnerRecord, Observation, string]>([
    [
      'another boot, on a filesystem of one kernel: dead, whoever has the number',
      elsewhere,
      seeing(bornLate(-MINUTE)),
      'dead: legacy-rebooted',
    ],
    [
      'another boot, on a network filesystem: unknown, though nobody has the number',
      elsewhere,
      seeing(absent, { filesystem: 'nfs' }),
      'unknown: legacy-other-boot',
    ],
    [
      'another boot, on a tmpfs, which has seen no other: unknown',
      elsewhere,
      seeing(absent, { filesystem: 'tmpfs' }),
      'unknown: legacy-other-boot',
    ],
    [
      'another boot, seen without a file: unknown',
      elsewhere,
      seeing(absent, { filesystem: null }),
      'unknown: legacy-other-boot',
    ],
    [
      'another boot than the one mounted over the own: unknown',
      elsewhere,
      seeing(absent, { self: observer({ bootIdNative: false }) }),
      'unknown: legacy-other-boot',
    ],
    [
      'a boot, and the own is not known: judged as ever',
      elsewhere,
      seeing(absent, { self: observer({ bootId: null, bootIdNative: null }) }),
      'dead: legacy-no-such-process',
    ],
    [
      'this boot: start ticks decide',
      of({ bootId: BOOT }, { starttime: bornAt(WRITTEN) + 1 }),
      seeing(bornLate(0)),
      'dead: legacy-start-differs',
    ],
    [
      'this boot and start ticks: alive',
      of({ bootId: BOOT }, { starttime: bornAt(WRITTEN) }),
      seeing(bornLate(0)),
      'alive: legacy-start-matches',
    ],
    [
      'another host name, for people: judged as ever',
      of({ hostname: 'other' }),
      seeing(bornLate(-MINUTE)),
      'alive: legacy-born-before-record',
    ],
    [
      'another host, whose pid it is: unknown, though nobody has the number',
      of({ hostname: 'other', pidIsOfHost: true }),
      seeing(absent),
      'unknown: legacy-other-host',
    ],
    [
      'this host, in other letters: judged as ever',
      of({ hostname: 'GATEWAY', pidIsOfHost: true }),
      seeing(absent),
      'dead: legacy-no-such-process',
    ],
    [
      'a boot time long ago: judged by the birth of the process',
      of({ bootTimeMs: 1_000_000_000_000 }),
      seeing(bornLate(-MINUTE)),
      'alive: legacy-born-before-record',
    ],
  ])('%s', (_name, judged, seen, verdict) => {
    expect(verdictOn(judged, seen)).toBe(verdict);
  });

  test('is shown, and so is what is assumed for want of it', () => {
    const named = of({ hostname: 'other', bootTimeMs: WRITTEN });
    const checks = decide(named, seeing(absent), DEFAULTS).evidence.map(({ check }) => check);
    expect(checks.slice(0, 5)).toEqual(['pid-namespace', 'boot-id', 'hostname', 'boot-time', 'process']);
    const [namespace, boot] = decide(oldRecord(), seeing(absent), DEFAULTS).evidence;
    expect(namespace).toMatchObject({ recorded: null, observed: 'assumed to be this one (4026532001)' });
    expect(boot).toMatchObject({ recorded: null, observed: 'assumed to be of this machine' });
  });

  test('a death says so where processes in other namespaces may be hidden from the observer', () => {
    const checksWith = (complete: boolean) =>
      decide(
        oldRecord(),
        seeing(absent, { namesakes: { found: [], complete, hidden: false } }),
        DEFAULTS,
      ).evidence.map(({ check }) => check);
    expect(checksWith(false)).toContain('descendant-namespaces');
    expect(checksWith(true)).not.toContain('descendant-namespaces');
  });

  test('a death is unknown where processes of other users are hidden from an observer on the host', () => {
    const namesakes = { found: [], complete: false, hidden: true };
    for (const observedProcess of [absent, thread, bornLate(2 * MINUTE)]) {
      expect(verdictOn(oldRecord(), seeing(observedProcess, { namesakes }))).toBe(
        'unknown: legacy-process-hidden',
      );
    }
    expect(verdictOn(oldRecord(), seeing(bornLate(-MINUTE), { namesakes }))).toMatch(/^alive/);
  });

  test('a host in whose descendant namespace the number lives is not rebooted after all', () => {
    const found = [namesake({}, { ticksAsRead: bornAt(WRITTEN - MINUTE) })];
    const seen = seeing(absent, { namesakes: { found, complete: false, hidden: false } });
    expect(verdictOn(elsewhere, seen)).toBe('unknown: legacy-namesake-in-descendant');
  });
});

describe('a lock that another process holds on the file', () => {
  const held: Partial<Observation> = {
    witness: { state: 'held', file: 'recorded', source: 'device 1, inode 2' },
  };

  test('keeps a dead number alive', () => {
    expect(verdictOn(oldRecord(), seeing(absent, held))).toBe('alive: legacy-file-locked');
  });

  test('is not asked for when the answer is another', () => {
    const seen = neverAsking(['witness'], seeing(bornLate(-MINUTE)));
    expect(verdictOn(oldRecord(), seen)).toBe('alive: legacy-born-before-record');
  });

  test('that no process holds says nothing', () => {
    const free = seeing(bornLate(-MINUTE), { witness: { state: 'free', file: 'recorded', source: '' } });
    expect(verdictOn(oldRecord(), free)).toBe('alive: legacy-born-before-record');
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
