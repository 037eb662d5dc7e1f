import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Namesake } from '../../../src/identity/namesakes.js';
import type { ObservedProcess } from '../../../src/identity/observe-process.js';
import type { Observation } from '../../../src/judge/observation.js';
import type { StrangerObservation, Worker } from '../../../src/judge/strangers/observation.js';
import { decide } from '../../../src/judge/table.js';
import type { MachineRecord, OwnerRecord } from '../../../src/record/owner-record.js';
import {
  absent,
  BOOT,
  DEFAULTS,
  exited,
  hidden,
  NAMESPACE,
  namesake,
  neverAsking,
  OTHER_BOOT,
  observer,
  running,
  stranger,
  thread,
  verdictOn,
} from '../builders.js';
import {
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

afterEach(() => vi.unstubAllEnvs());

describe('what the record says of where its writer ran', () => {
  const INITIAL = { inode: '4026531836', id: null };
  const CONTAINER = 'c0ffee123456';

  test.each<[string, Partial<MachineRecord>, string]>([
    ['another platform', { platform: 'win32' }, 'legacy-other-platform'],
    ['Windows', { runningInWindows: true }, 'legacy-other-platform'],
    ['another PID namespace', { pidNamespace: '4026532999' }, 'legacy-other-namespace'],
    ['another container', { containerId: CONTAINER }, 'legacy-other-container'],
    ['another machine-id', { hostId: 'a'.repeat(32) }, 'legacy-other-host'],
    ['another host', { hostname: 'other' }, 'legacy-other-host'],
    ['a host that is called as a container is', { hostname: CONTAINER }, 'legacy-other-container'],
    ['one with the whole id', { hostname: CONTAINER.repeat(6).slice(0, 64) }, 'legacy-other-container'],
    ['another boot', { bootId: OTHER_BOOT }, 'legacy-other-boot'],
  ])('%s: unknown, though nobody has the number', (_name, machine, reason) => {
    expect(verdictOn(recordOf(machine), seeing(absent))).toBe(`unknown: ${reason}`);
    expect(verdictOn(recordOf(machine), selfBornLate(MINUTE))).toBe(`unknown: ${reason}`);
  });

  test.each<[string, Partial<MachineRecord>, Observation]>([
    ['this platform', { platform: 'linux' }, seeing(absent)],
    ['this PID namespace', { pidNamespace: NAMESPACE.inode }, seeing(absent)],
    [
      'this PID namespace, though another host',
      { pidNamespace: NAMESPACE.inode, hostname: 'other' },
      seeing(absent),
    ],
    ['this host, in other letters', { hostname: 'GATEWAY' }, seeing(absent)],
    ['this host, with its domain', { hostname: 'gateway.example.org' }, seeing(absent)],
    ['this machine-id', { hostId: 'a'.repeat(32) }, besides({ machineId: 'a'.repeat(32) }, absent)],
    ['this boot, though another machine-id', { hostId: 'a'.repeat(32), bootId: BOOT }, seeing(absent)],
    [
      'this boot, though another host, where all namespaces can be searched',
      { hostname: 'other', bootId: BOOT },
      seeing(absent, { self: observer({ pidNamespace: INITIAL }) }),
    ],
    [
      'this container, by its short id',
      { containerId: CONTAINER },
      seeing(absent, { self: observer({ containerId: `${CONTAINER}${'0'.repeat(52)}` }) }),
    ],
    [
      'a boot, and the own is not known',
      { bootId: OTHER_BOOT },
      seeing(absent, { self: observer({ bootId: null, bootIdNative: null }) }),
    ],
    [
      'another boot, in a file that is older than this one',
      { bootId: OTHER_BOOT },
      besides({ bootedAtMs: WRITTEN + SECOND }, absent),
    ],
  ])('%s: dead', (_name, machine, seen) => {
    expect(verdictOn(recordOf(machine), seen)).toBe('dead: legacy-no-such-process');
  });

  test('this boot in a container shows nothing: a sibling with another host name has the same', () => {
    const judged = recordOf({ hostname: 'pod-a', bootId: BOOT });
    expect(verdictOn(judged, seeing(absent))).toBe('unknown: legacy-other-host');
  });

  test('the number of the own namespace shows nothing where another kernel may use it too', () => {
    const judged = recordOf({ hostname: 'other', pidNamespace: NAMESPACE.inode });
    const seen = seeing(absent, { filesystem: 'nfs' });
    expect(verdictOn(judged, seen)).toBe('unknown: legacy-other-host');
  });

  test('a process that was born before the record lives all the same', () => {
    expect(verdictOn(recordOf({ hostname: 'other' }), seeing(bornLate(-MINUTE)))).toMatch(/^alive/);
  });

  test('the pid of another host is not looked for on this one, whoever has the number here', () => {
    const browser = recordOf({ hostname: 'other', pidIsOfHost: true });
    expect(verdictOn(browser, seeing(running()))).toBe('unknown: legacy-other-host');
  });

  test('a reboot has ended what ran on any part of this machine', () => {
    const judged = recordOf({ hostname: 'other', pidNamespace: '4026532999', bootId: OTHER_BOOT });
    expect(verdictOn(judged, besides({ bootedAtMs: NOW }, absent))).toBe('dead: legacy-rebooted');
  });

  describe('sameHost', () => {
    const SAME = { ...DEFAULTS, sameHost: true };
    const named = recordOf({ hostname: CONTAINER, containerId: CONTAINER });

    test('lifts the host name and the container', () => {
      expect(verdictOn(named, seeing(absent), SAME)).toBe('dead: legacy-no-such-process');
      const browser = recordOf({ hostname: CONTAINER, pidIsOfHost: true });
      expect(verdictOn(browser, seeing(absent), SAME)).toBe('dead: legacy-no-such-process');
    });

    test('lifts the place of several kernels', () => {
      expect(verdictOn(oldRecord(), seeing(absent, { filesystem: 'nfs' }), SAME)).toBe(
        'dead: legacy-no-such-process',
      );
    });

    test.each<Partial<MachineRecord>>([
      { platform: 'win32' },
      { pidNamespace: '4026532999' },
      { hostId: 'a'.repeat(32) },
      { bootId: OTHER_BOOT },
    ])('lifts nothing else: %j', (machine) => {
      expect(verdictOn(recordOf(machine), seeing(absent), SAME)).toMatch(/^unknown/);
    });

    test('is the default where the environment says so, and the caller has the last word', () => {
      vi.stubEnv('KERNEL_IDENTITY_SAME_HOST', '1');
      expect(verdictOn(named, seeing(absent))).toBe('dead: legacy-no-such-process');
      expect(verdictOn(named, seeing(absent), { ...DEFAULTS, sameHost: false })).toMatch(/^unknown/);
      vi.stubEnv('KERNEL_IDENTITY_SAME_HOST', '0');
      expect(verdictOn(named, seeing(absent))).toMatch(/^unknown/);
    });

    test('is named by the verdict that it lifts, and by no other', () => {
      const lifts = (machine: Partial<MachineRecord>) =>
        decide(recordOf(machine), seeing(absent), DEFAULTS).liftedBy;
      expect(lifts({ hostname: 'other' })).toBe('sameHost');
      expect(lifts({ containerId: CONTAINER })).toBe('sameHost');
      expect(lifts({ platform: 'win32' })).toBeUndefined();
      expect(decide(oldRecord(), seeing(absent, { filesystem: 'fuse' }), DEFAULTS).liftedBy).toBe('sameHost');
      expect(decide(oldRecord(), seeing(bornLate(SECOND)), DEFAULTS).liftedBy).toBe('clockSlack');
    });
  });
});

describe('a filesystem that several kernels can write to', () => {
  test.each(['nfs', 'fuse', '9p', 'unknown'])('%s: no number of a process means anything', (filesystem) => {
    for (const seen of [seeing(absent, { filesystem }), selfBornLate(MINUTE, { filesystem })]) {
      expect(verdictOn(oldRecord(), seen)).toBe('unknown: legacy-shared-place');
    }
  });

  test('the record is of this very boot, which copies of this machine share: only trusted', () => {
    const judged = recordOf({ bootId: BOOT });
    const seen = seeing(absent, { filesystem: 'nfs' });
    expect(verdictOn(judged, seen)).toBe('unknown: legacy-shared-place');
    const trusting = { ...DEFAULTS, trustBootId: true };
    expect(verdictOn(judged, seen, trusting)).toBe('dead: legacy-no-such-process');
    expect(verdictOn(oldRecord(), seen, trusting)).toBe('unknown: legacy-shared-place');
  });

  test('without a file the place is not known, and nothing objects', () => {
    expect(verdictOn(oldRecord(), seeing(absent, { filesystem: null }))).toBe('dead: legacy-no-such-process');
  });

  test('nothing dies by the clock of its server, on this host either', () => {
    const byMtime = oldRecord({ recordedAt: written({ resolutionMs: TICK, source: 'file mtime' }) });
    const same = { ...DEFAULTS, sameHost: true };
    const rest = { filesystem: 'nfs' };
    expect(verdictOn(byMtime, seeing(bornLate(2 * MINUTE), rest), same)).toBe('unknown: legacy-server-clock');
    expect(verdictOn(byMtime, selfBornLate(MINUTE, rest), same)).toBe('unknown: legacy-server-clock');
    expect(verdictOn(oldRecord(), selfBornLate(MINUTE, rest), same)).toBe('dead: legacy-own-pid-reused');
    expect(verdictOn(byMtime, seeing(absent, rest), same)).toBe('dead: legacy-no-such-process');
  });
});

describe('a file lock', () => {
  test('on the file keeps a dead number alive, whatever else objects', () => {
    const seen = besides({ isFileLocked: true, lockedSibling: 'x' }, absent, { filesystem: 'nfs' });
    expect(verdictOn(oldRecord(), seen)).toBe('alive: legacy-file-locked');
  });

  test('on the file beside it that its program locks does the same', () => {
    const seen = besides({ lockedSibling: 'gateway.lock.sqlite' }, absent);
    expect(verdictOn(oldRecord(), seen)).toBe('alive: legacy-sibling-locked');
    expect(decide(oldRecord(), seen, DEFAULTS).evidence.at(-1)).toMatchObject({
      observed: 'held on gateway.lock.sqlite',
    });
  });

  test('that may be on that file, and would be hidden from here, leaves a dead number unknown', () => {
    const seen = besides({ hiddenSibling: 'gateway.lock.sqlite' }, absent);
    expect(verdictOn(oldRecord(), seen)).toBe('unknown: legacy-sibling-hidden');
    expect(verdictOn(oldRecord(), seen, { ...DEFAULTS, sameHost: true })).toBe(
      'unknown: legacy-sibling-hidden',
    );
    const both = besides({ lockedSibling: 'a', hiddenSibling: 'b' }, absent);
    expect(verdictOn(oldRecord(), both)).toBe('alive: legacy-sibling-locked');
  });
});

describe('another process that works on', () => {
  const OLD: Worker = { pid: 12, ticksAsRead: bornAt(WRITTEN - MINUTE) };
  const YOUNG: Worker = { pid: 12, ticksAsRead: bornAt(WRITTEN + SECOND) };
  const HIDDEN: Worker = { pid: null, ticksAsRead: null };
  const launcher = claiming({ otherPids: [{ key: 'childPid', pid: 12 }] });
  const withWorker = (worker: Worker | null, observed: ObservedProcess = absent) =>
    besides({ workerAt: (pid) => (pid === 12 ? worker : null) }, observed);

  test.each<[string, Worker | null, string]>([
    ['born before the record: unknown', OLD, 'unknown: legacy-other-process'],
    [
      'born at a time that is hidden: unknown',
      { ...OLD, ticksAsRead: null },
      'unknown: legacy-other-process',
    ],
    ['born after the record: dead', YOUNG, 'dead: legacy-no-such-process'],
    ['that has ended: dead', null, 'dead: legacy-no-such-process'],
  ])('under a second number, %s', (_name, worker, verdict) => {
    expect(verdictOn(launcher, withWorker(worker))).toBe(verdict);
  });

  test.each<[string, readonly Worker[], string]>([
    ['born before the record: unknown', [YOUNG, OLD], 'unknown: legacy-group-lives'],
    ['that is hidden: unknown', [HIDDEN], 'unknown: legacy-group-lives'],
    ['born after the record: dead', [YOUNG], 'dead: legacy-no-such-process'],
  ])('in the group or session of the number, %s', (_name, followers, verdict) => {
    expect(verdictOn(oldRecord(), besides({ followers }, absent))).toBe(verdict);
  });

  test('in the group of a leader that was not reaped: unknown', () => {
    expect(verdictOn(oldRecord(), besides({ followers: [OLD] }, exited()))).toBe(
      'unknown: legacy-group-lives',
    );
  });

  test('in the group of the own number, as a restarted container has it: dead at once', () => {
    const seen = selfBornLate(SECOND, { stranger: stranger({ followers: [OLD] }) });
    expect(verdictOn(oldRecord(), seen)).toBe('dead: legacy-own-pid-reused');
  });
});

describe('a sign of life', () => {
  const beat = (ms: number, key = 'heartbeatAt') => claiming({ signs: [{ key, ms }] });

  test.each<[string, number, string]>([
    ['a second ago: unknown', NOW - SECOND, 'unknown: legacy-sign-of-life'],
    ['until some time to come: unknown', NOW + MINUTE, 'unknown: legacy-sign-of-life'],
    ['a minute ago: dead', NOW - MINUTE, 'dead: legacy-no-such-process'],
  ])('%s', (_name, ms, verdict) => {
    expect(verdictOn(beat(ms), seeing(absent))).toBe(verdict);
  });

  test('ends by itself, and says when', () => {
    expect(decide(beat(NOW - SECOND), seeing(absent), DEFAULTS)).toMatchObject({ lookAgainIn: 59 * SECOND });
    expect(decide(beat(NOW - SECOND), seeing(absent), DEFAULTS)).not.toHaveProperty('liftedBy');
  });

  test('that only says when the lock was acquired counts while nobody has the number', () => {
    const acquired = beat(NOW - SECOND, 'acquired_at');
    expect(verdictOn(acquired, seeing(absent))).toBe('unknown: legacy-sign-of-life');
    expect(verdictOn(acquired, selfBornLate(MINUTE))).toBe('dead: legacy-own-pid-reused');
  });
});

describe('a file that was touched after its record was written', () => {
  const touched = (ms: number) => claiming({ touchedAt: { ms, resolutionMs: TICK, source: 'file mtime' } });

  test.each<[string, number, string]>([
    ['a moment ago: unknown', NOW - SECOND, 'unknown: legacy-touched'],
    ['in the future of the clock: unknown', NOW + 9 * MINUTE, 'unknown: legacy-touched'],
    ['a minute ago: dead', NOW - MINUTE, 'dead: legacy-no-such-process'],
    ['while the record was written: dead', WRITTEN + SECOND, 'dead: legacy-no-such-process'],
  ])('%s', (_name, ms, verdict) => {
    expect(verdictOn(touched(ms), seeing(absent))).toBe(verdict);
  });

  test('a record of a moment ago, whose file was written with it, is dead at once', () => {
    const judged = oldRecord({
      recordedAt: written({ ms: NOW - 3 * SECOND }),
      claims: {
        writtenAt: written({ ms: NOW - 3 * SECOND }),
        touchedAt: { ms: NOW - 2 * SECOND, resolutionMs: TICK, source: 'file mtime' },
      },
    });
    expect(verdictOn(judged, seeing(absent))).toBe('dead: legacy-no-such-process');
  });

  test('says when to look again', () => {
    expect(decide(touched(NOW - SECOND), seeing(absent), DEFAULTS).lookAgainIn).toBe(59 * SECOND);
    expect(decide(touched(NOW + 9 * MINUTE), seeing(absent), DEFAULTS).lookAgainIn).toBe(MINUTE);
  });
});

describe('a clock that was set forward since the system started', () => {
  const stepped = (ms: number, observed: ObservedProcess, threadTicks: number | null = null) =>
    besides({ clockStepSince: () => ms, threadTicks }, observed);

  test('perhaps after the record was written, which then seems too old by as much: unknown', () => {
    for (const observed of [bornLate(2 * MINUTE), bornLate(30 * MINUTE)]) {
      expect(verdictOn(oldRecord(), stepped(2 * MINUTE, observed))).toBe('unknown: legacy-clock-stepped');
    }
    const byThread = stepped(2 * MINUTE, thread, bornAt(WRITTEN + 2 * MINUTE));
    expect(verdictOn(oldRecord(), byThread)).toBe('unknown: legacy-clock-stepped');
  });

  test('is asked about since the birth that is compared', () => {
    const asked: (number | null)[] = [];
    const clockStepSince = (ticks: number | null) => {
      asked.push(ticks);
      return 0;
    };
    verdictOn(oldRecord(), besides({ clockStepSince }, bornLate(2 * MINUTE)));
    verdictOn(oldRecord(), besides({ clockStepSince, threadTicks: bornAt(NOW) }, thread));
    expect(asked).toEqual([bornAt(WRITTEN + 2 * MINUTE), bornAt(NOW)]);
  });

  test('by less than the slack: dead', () => {
    expect(verdictOn(oldRecord(), stepped(MINUTE, bornLate(2 * MINUTE)))).toBe(
      'dead: legacy-born-after-record',
    );
  });

  test('does not matter where no time is the ground', () => {
    expect(verdictOn(oldRecord(), stepped(59 * MINUTE, absent))).toBe('dead: legacy-no-such-process');
  });
});

test('what could not be looked at for want of descriptors may object: unknown', () => {
  expect(verdictOn(oldRecord(), besides({ failed: 'EMFILE' }, absent))).toBe(
    'unknown: legacy-process-hidden',
  );
});

test('nothing is looked at unless there is a ground for a death', () => {
  const nothing = new Proxy({} as StrangerObservation, {
    get: (_target, name) => {
      if (name === 'isKernelThread') return false;
      throw new Error(`${String(name)} was asked for`);
    },
  });
  const judged = (seen: Observation) => verdictOn(oldRecord(), seen);
  expect(judged(seeing(bornLate(-MINUTE), { stranger: nothing }))).toBe('alive: legacy-born-before-record');
  expect(judged(seeing(hidden, { stranger: nothing }))).toBe('unknown: legacy-process-hidden');
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
  for (const observedProcess of [absent, exited(), bornLate(2 * MINUTE)]) {
    expect(verdictOn(oldRecord(), seeing(observedProcess, { namesakes }))).toBe(
      'unknown: legacy-process-hidden',
    );
  }
  expect(verdictOn(oldRecord(), seeing(bornLate(-MINUTE), { namesakes }))).toMatch(/^alive/);
});

test('the number may live in a descendant namespace of a host that was rebooted', () => {
  const found = [namesake({}, { ticksAsRead: bornAt(WRITTEN - MINUTE) })];
  const seen = besides({ bootedAtMs: NOW }, absent, { namesakes: { found, complete: false, hidden: false } });
  expect(verdictOn(recordOf({ bootId: OTHER_BOOT }), seen)).toBe('unknown: legacy-namesake-in-descendant');
});
