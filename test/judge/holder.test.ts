import { describe, expect, test } from 'vitest';
import type { LockFile, LockLifelineObservation, Observation } from '../../src/judge/observation.js';
import { decide } from '../../src/judge/table.js';
import type { OwnerRecord } from '../../src/record/owner-record.js';
import {
  absent,
  DEFAULTS,
  inWords,
  neverAsking,
  OTHER_BOOT,
  OTHER_NAMESPACE,
  observation,
  observer,
  record,
  running,
  WITNESS,
} from './builders.js';

const LEASE = { durationMs: 30_000 };
const HELD: LockLifelineObservation = { state: 'held', source: '', wasSeenHeld: false };
const FREE: LockLifelineObservation = { state: 'free', source: '', wasSeenHeld: false };
const FREE_SEEN_HELD: LockLifelineObservation = { ...FREE, wasSeenHeld: true };
const HIDDEN: LockLifelineObservation = { state: 'untestable', source: 'no /proc', wasSeenHeld: false };

function judged(recorded: OwnerRecord, seen: Observation, options = {}): string {
  const verdict = decide(recorded, seen, { ...DEFAULTS, ...options });
  return `${inWords(verdict)}, ${verdict.certainty}`;
}

/** A lock on this filesystem, which carries a lifeline of its own. */
function lockOn(filesystem: string, overrides: Partial<OwnerRecord> = {}, owner = {}): OwnerRecord {
  return record(owner, { filesystem, lifeline: 'time:77', lease: LEASE, ...overrides });
}

describe("a lock's own lifeline", () => {
  const on = (filesystem: string, lockLifeline: LockLifelineObservation, more: Partial<Observation> = {}) =>
    observation({ filesystem, lockLifeline, ...more });

  test.each(['nfs', 'fuse', 'fuse.bindfs', 'ramfs'])(
    'is held: the owner lives, whatever its process does, on %s',
    (type) => {
      for (const observedProcess of [absent, running(), running({ pidfdInode: '5' })]) {
        expect(judged(lockOn(type), on(type, HELD, { observedProcess }))).toBe(
          'alive: lifeline-held, proven',
        );
      }
      expect(judged(lockOn(type, {}, { bootId: OTHER_BOOT }), on(type, HELD))).toBe(
        'alive: lifeline-held, proven',
      );
    },
  );

  test('is free: nobody holds the lock, though its process lives: a worker ended, or exec', () => {
    expect(judged(lockOn('ramfs'), on('ramfs', FREE))).toBe('dead: lifeline-free, proven');
    expect(judged(lockOn('fuse.bindfs'), on('fuse.bindfs', FREE))).toBe('dead: lifeline-free, assumed');
  });

  test.each(['nfs', '9p', 'fuse', 'virtiofs'])(
    'is free from the first look on, on %s: the lease decides',
    (type) => {
      for (const observedProcess of [absent, running()]) {
        const seen = on(type, FREE, { observedProcess });
        expect(judged(lockOn(type), seen)).toBe('unknown: shared-place, proven');
        expect(judged(lockOn(type), seen, { trustBootId: true })).toMatch(/^dead: .*, assumed$/);
        expect(judged(lockOn(type, { lease: null }), seen)).toMatch(/^dead: .*, assumed$/);
      }
    },
  );

  test.each(['nfs', 'fuse', 'ramfs'])(
    'was seen held and is free now: its holder was of this kernel, on %s',
    (type) => {
      for (const observedProcess of [absent, running()]) {
        const seen = on(type, FREE_SEEN_HELD, { observedProcess });
        expect(judged(lockOn(type), seen)).toBe('dead: lifeline-free, proven');
      }
      expect(judged(lockOn(type), observation({ filesystem: null, lockLifeline: FREE_SEEN_HELD }))).toBe(
        'dead: lifeline-free, proven',
      );
    },
  );

  test('proves no death where the two see it on filesystems that differ', () => {
    expect(judged(lockOn('ramfs'), on('nfs', FREE))).toBe('unknown: shared-place, proven');
    expect(judged(lockOn('fuse.bindfs'), on('ext', FREE))).toBe('unknown: shared-place, proven');
    expect(judged(lockOn('fuse.bindfs'), on('fuse', FREE))).toBe('unknown: shared-place, proven');
  });

  test.each([
    ['a boot id that differs', { bootId: OTHER_BOOT }, {}],
    ['a boot id that was mounted over', { bootIdNative: false }, {}],
    ['an own boot id that was mounted over', {}, { bootIdNative: false }],
  ])('is no death beside %s', (_, owner, self) => {
    const own = observer({ pidNamespace: OTHER_NAMESPACE, ...self });
    for (const lockLifeline of [FREE, FREE_SEEN_HELD]) {
      const seen = on('nfs', lockLifeline, { self: own, observedProcess: absent });
      expect(judged(lockOn('nfs', {}, owner), seen, { trustBootId: true })).toMatch(/^unknown/);
    }
  });

  test('that cannot be tested leaves it to the process', () => {
    expect(judged(lockOn('ramfs'), on('ramfs', HIDDEN))).toBe('alive: process-running, proven');
    expect(judged(lockOn('ramfs'), on('ramfs', HIDDEN, { observedProcess: absent }))).toBe(
      'dead: no-such-process, proven',
    );
    const { evidence } = decide(lockOn('ramfs'), on('ramfs', HIDDEN), DEFAULTS);
    expect(evidence).toContainEqual({
      check: 'lock-lifeline',
      recorded: 'time:77',
      observed: 'not testable: no /proc',
      finding: 'none',
    });
  });

  test('of a record whose lock is not seen leaves a death to the process', () => {
    const unseen = { filesystem: null, lockLifeline: FREE };
    expect(judged(lockOn('ramfs'), observation({ ...unseen, observedProcess: absent }))).toBe(
      'dead: no-such-process, proven',
    );
    expect(judged(lockOn('ramfs'), observation(unseen))).toBe('unknown: place-unknown, proven');
  });

  test('is not asked where the lock has none', () => {
    const seen = neverAsking(['lockLifeline'], observation());
    expect(judged(record(), seen)).toBe('alive: process-running, proven');
  });

  test('of a lock that was handed over stands for its heir, and decides with the witness', () => {
    const handed = lockOn('ext', { handedOver: true, witness: WITNESS, lease: null });
    const witness = (state: 'held' | 'free' | 'untestable', file: LockFile = 'recorded') => ({
      state,
      file,
      source: '',
    });
    const seen = (state: 'held' | 'free' | 'untestable', lockLifeline: LockLifelineObservation) =>
      on('ext', lockLifeline, { observedProcess: absent, witness: witness(state) });
    expect(judged(handed, seen('free', HELD))).toBe('alive: lifeline-held, proven');
    expect(judged(handed, seen('held', FREE))).toBe('alive: witness-held, proven');
    expect(judged(handed, seen('free', FREE))).toBe('dead: witness-free, proven');
    expect(judged(handed, seen('free', HIDDEN))).toBe('dead: witness-free, proven');
    expect(judged(handed, seen('untestable', FREE))).toBe('dead: lifeline-free, proven');
    expect(judged(handed, seen('untestable', HELD))).toBe('alive: lifeline-held, proven');
    expect(judged(handed, seen('untestable', HIDDEN))).toBe('unknown: handed-over, proven');
    const above = on('ext', FREE, { observedProcess: absent, witness: witness('free', 'unclear') });
    expect(judged({ ...handed, filesystem: 'overlay' }, above)).toBe('dead: lifeline-free, assumed');
    const leased = { ...handed, filesystem: 'overlay', lease: LEASE };
    expect(judged(leased, above)).toBe('unknown: shared-place, proven');
  });
});

describe('the file that is found', () => {
  const recorded = record({}, { witness: WITNESS });
  const found = (file: LockFile, state: 'held' | 'free' | 'untestable', more: Partial<Observation> = {}) =>
    observation({ witness: { state, file, source: 'inode 9' }, ...more });

  test('is a copy, which nobody holds though its owner lives', () => {
    expect(judged(recorded, found('copied', 'free'))).toBe('dead: copied, proven');
    expect(judged(recorded, found('copied', 'untestable'))).toBe('dead: copied, proven');
    const handed = { ...recorded, handedOver: true, lifeline: 'time:77' };
    expect(judged(handed, found('copied', 'free', { lockLifeline: HELD }))).toBe('dead: copied, proven');
  });

  test('is a copy that somebody has locked', () => {
    expect(judged(recorded, found('copied', 'held'))).toBe('alive: witness-held, proven');
  });

  test('is the recorded one on a volume that was attached anew', () => {
    expect(judged(recorded, found('reattached', 'free'))).toBe('dead: witness-free, proven');
    expect(judged(recorded, found('reattached', 'held'))).toBe('alive: witness-held, proven');
    expect(judged(recorded, found('reattached', 'untestable'))).toBe('alive: process-running, proven');
  });

  test('may be another: held shows a holder, free shows nothing', () => {
    expect(judged(recorded, found('unclear', 'held', { observedProcess: absent }))).toBe(
      'alive: witness-held, proven',
    );
    expect(judged(recorded, found('unclear', 'free'))).toBe('alive: process-running, proven');
    expect(judged(recorded, found('unclear', 'free', { observedProcess: absent }))).toBe(
      'dead: no-such-process, proven',
    );
    const elsewhere = { self: observer({ pidNamespace: OTHER_NAMESPACE }) };
    expect(judged(recorded, found('unclear', 'free', elsewhere))).toBe('unknown: other-namespace, proven');
  });
});

describe('a lock of this very process', () => {
  const own = (overrides: Partial<OwnerRecord>) => record({}, { filesystem: 'ramfs', ...overrides });
  const itself = observation({ filesystem: 'ramfs', self: record().identity ?? observer() });

  test("that this thread lost or could not release is nobody's", () => {
    const seen = neverAsking(['observedProcess', 'witness'], { ...itself, givenUpByThisProcess: true });
    expect(judged(own({}), seen)).toBe('dead: given-up-by-this-process, proven');
  });

  test("that it lost after it was handed over may be another one's", () => {
    const seen = observation({ ...itself, givenUpByThisProcess: true, observedProcess: absent });
    expect(judged(own({ handedOver: true }), seen)).toBe('unknown: handed-over, proven');
  });

  test('that another thread keeps by a lease is not alive by the process alone', () => {
    expect(judged(own({ lease: LEASE }), itself)).toBe('unknown: own-process, proven');
    expect(judged(own({ lease: LEASE }), observation({ filesystem: 'ramfs' }))).toBe(
      'alive: process-running, proven',
    );
    expect(judged(own({ lease: null }), itself)).toBe('alive: process-running, proven');
  });
});

describe('a place', () => {
  test.each(['fuse.bindfs', 'fuse.mergerfs', 'fuse.fuse-overlayfs'])(
    'that %s shows may lie on a network: a death is assumed, and another boot proves nothing',
    (filesystem) => {
      const owner = record({}, { filesystem, lease: LEASE });
      expect(judged(owner, observation({ filesystem, observedProcess: absent }))).toBe(
        'dead: no-such-process, assumed',
      );
      const before = record({ bootId: OTHER_BOOT }, { filesystem, lease: LEASE });
      expect(judged(before, observation({ filesystem }))).toBe('unknown: other-boot, proven');
      const mountedOver = { bootIdNative: false };
      const faked = record(mountedOver, { filesystem, lease: LEASE });
      const seen = observation({ filesystem, self: observer(mountedOver), observedProcess: absent });
      expect(judged(faked, seen)).toBe('unknown: not-enough-recorded, proven');
    },
  );

  test('that the record does not name is one of several kernels', () => {
    const owner = record({}, { filesystem: null, lease: LEASE });
    expect(judged(owner, observation({ observedProcess: absent }))).toBe('unknown: shared-place, proven');
  });

  test.each([
    ['overlay', 'ext'],
    ['ext', 'xfs'],
    ['ext', 'ramfs'],
  ])('recorded on %s and seen on %s is not known to be of one kernel', (recordedOn, filesystem) => {
    const owner = record({}, { filesystem: recordedOn, lease: LEASE });
    expect(judged(owner, observation({ filesystem, observedProcess: absent }))).toBe(
      'unknown: shared-place, proven',
    );
    const before = record({ bootId: OTHER_BOOT }, { filesystem: recordedOn, lease: LEASE });
    expect(judged(before, observation({ filesystem }))).toBe('unknown: other-boot, proven');
  });
});
