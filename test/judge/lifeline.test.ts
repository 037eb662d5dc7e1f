import { describe, expect, test } from 'vitest';
import type { Observation } from '../../src/judge/observation.js';
import { decide } from '../../src/judge/table.js';
import type { OwnerRecord } from '../../src/record/owner-record.js';
import {
  absent,
  DEFAULTS,
  exited,
  inWords,
  NAMESPACE,
  neverAsking,
  OTHER_BOOT,
  OTHER_NAMESPACE,
  observation,
  observer,
  record,
  running,
  WITNESS,
} from './builders.js';

/** The owner's record, with a lifeline in its identity. */
function withLifeline(overrides: Partial<OwnerRecord> = {}, owner = {}): OwnerRecord {
  return record({ lifeline: 'time:7', ...owner }, overrides);
}

const held = { state: 'held', source: '' } as const;
const free = { state: 'free', source: '' } as const;
const untestable = { state: 'untestable', source: 'its byte cannot be seen from here' } as const;

/** The observer stands in a sibling container. */
function fromSibling(overrides: Partial<Observation> = {}): Observation {
  return observation({
    self: observer({ pidNamespace: OTHER_NAMESPACE }),
    observedProcess: absent,
    ...overrides,
  });
}

function judged(recorded: OwnerRecord, seen: Observation, options = {}): string {
  const verdict = decide(recorded, seen, { ...DEFAULTS, ...options });
  return `${inWords(verdict)}, ${verdict.certainty}`;
}

/** That of an owner on a network filesystem. */
const LEASE = { durationMs: 30_000 };
const bare = { nonce: null, filesystem: null, starttime: null, recordedAt: null };

describe('an owner in another container', () => {
  test('lives while its lifeline is held', () => {
    expect(judged(withLifeline(), fromSibling({ lifeline: held }))).toBe('alive: lifeline-held, proven');
  });

  test('lives while its lifeline is held, though its record knows no boot id or another one', () => {
    for (const bootId of [null, OTHER_BOOT]) {
      const recorded = withLifeline({}, { bootId });
      expect(judged(recorded, fromSibling({ lifeline: held }))).toBe('alive: lifeline-held, proven');
    }
  });

  test('is dead once its lifeline is free, where one kernel alone has the filesystem', () => {
    expect(judged(withLifeline(), fromSibling({ lifeline: free }))).toBe('dead: lifeline-free, proven');
  });

  test.each([
    ['nfs', 'nfs'],
    ['nfs', 'ext'],
    ['ext', 'nfs'],
  ])(
    'is unknown when its lifeline is free, recorded on %s and seen on %s: copies of a machine may meet',
    (recorded, seen) => {
      const owner = withLifeline({ filesystem: recorded, lease: LEASE });
      const place = fromSibling({ filesystem: seen, lifeline: free });
      expect(judged(owner, place)).toBe('unknown: other-namespace, proven');
      expect(judged(owner, place, { trustBootId: true })).toBe('dead: lifeline-free, assumed');
      expect(judged({ ...owner, lease: null }, place)).toBe('dead: lifeline-free, assumed');
    },
  );

  test.each([
    ['a boot id that differs', { bootId: OTHER_BOOT }, {}],
    ['a boot id that is not known', { bootId: null }, {}],
    ['a boot id that was mounted over', { bootIdNative: false }, {}],
    ['an own boot id that was mounted over', {}, { bootIdNative: false }],
  ])('is not dead by a free lifeline beside %s', (_, owner, self) => {
    const own = observer({ pidNamespace: OTHER_NAMESPACE, ...self });
    for (const filesystem of ['tmpfs', 'nfs']) {
      const seen = fromSibling({ self: own, lifeline: free, filesystem });
      for (const options of [{}, { trustBootId: true }]) {
        expect(judged(withLifeline({ filesystem }, owner), seen, options)).toMatch(/^unknown/);
      }
    }
  });

  test('is unknown where the lifeline cannot be tested, and the evidence says why', () => {
    const verdict = decide(withLifeline(), fromSibling({ lifeline: untestable }), DEFAULTS);
    expect(inWords(verdict)).toBe('unknown: other-namespace');
    expect(verdict.evidence).toContainEqual({
      check: 'lifeline',
      recorded: 'time:7',
      observed: 'not testable: its byte cannot be seen from here',
      finding: 'none',
    });
  });

  test('without a recorded lifeline is judged as before, and none is tested', () => {
    const seen = neverAsking(['lifeline'], fromSibling());
    expect(judged(record(), seen)).toBe('unknown: other-namespace, proven');
  });

  test('is judged by the witness first, where that can be tested', () => {
    const recorded = withLifeline({ witness: WITNESS });
    const seen = (state: 'held' | 'free') =>
      neverAsking(
        ['lifeline'],
        fromSibling({ witness: { state, file: 'recorded', source: 'device 64512' } }),
      );
    expect(judged(recorded, seen('free'))).toBe('dead: witness-free, proven');
    expect(judged(recorded, seen('held'))).toBe('alive: witness-held, proven');
  });
});

describe('an owner whose process can be seen', () => {
  test('is dead by its process, though a stranger holds its lifeline', () => {
    const seen = (observedProcess: Observation['observedProcess']) =>
      observation({ observedProcess, lifeline: held });
    expect(judged(withLifeline(), seen(absent))).toBe('dead: no-such-process, proven');
    expect(judged(withLifeline(), seen(exited()))).toBe('dead: process-exited, proven');
  });

  test('is dead once its lifeline is free, though another program runs under its number since exec', () => {
    const seen = observation({ observedProcess: running(), lifeline: free });
    expect(judged(withLifeline(), seen)).toBe('dead: lifeline-free, proven');
  });

  test('lives by its process where a free lifeline proves nothing', () => {
    const seen = observation({ observedProcess: running(), lifeline: free, filesystem: 'nfs' });
    expect(judged(withLifeline({ filesystem: 'nfs', lease: LEASE }), seen)).toBe(
      'alive: process-running, proven',
    );
    expect(judged(withLifeline(bare), neverAsking(['lifeline'], observation({ filesystem: null })))).toBe(
      'alive: process-running, proven',
    );
  });
});

describe('a record outside of a lock', () => {
  const nowhere = { filesystem: null, lifeline: free };

  test('is unknown while nobody says where it stands, which the reason says', () => {
    expect(judged(withLifeline(bare), fromSibling(nowhere))).toBe('unknown: place-unknown, proven');
  });

  test('is assumed dead where it stands in a file that one kernel alone has', () => {
    expect(judged(withLifeline(bare), fromSibling({ ...nowhere, filesystem: 'ext' }))).toBe(
      'dead: lifeline-free, assumed',
    );
  });

  test('is unknown where it stands in a file that several kernels can have', () => {
    expect(judged(withLifeline(bare), fromSibling({ ...nowhere, filesystem: 'nfs' }))).toMatch(/^unknown/);
  });

  test('is assumed dead where the caller trusts the boot id', () => {
    expect(judged(withLifeline(bare), fromSibling(nowhere), { trustBootId: true })).toBe(
      'dead: lifeline-free, assumed',
    );
  });
});

describe('a lock that another process was to inherit', () => {
  const recorded = withLifeline({ handedOver: true, witness: WITNESS });

  test('is not dead by the death of the process that is recorded, nor by its lifeline', () => {
    for (const observedProcess of [absent, exited(), running({ pidfdInode: '5' })]) {
      const seen = observation({ observedProcess, lifeline: free });
      expect(judged(recorded, seen)).toBe('unknown: handed-over, proven');
    }
    expect(judged(recorded, fromSibling({ lifeline: free }))).toBe('unknown: handed-over, proven');
    const nobody = { found: [], complete: true, hidden: false };
    expect(judged(recorded, fromSibling({ namesakes: nobody }))).toBe('unknown: handed-over, proven');
  });

  test('lives while that process lives', () => {
    expect(judged(recorded, observation())).toBe('alive: process-running, proven');
  });

  test('is dead by its witness alone', () => {
    const seen = observation({
      observedProcess: absent,
      witness: { state: 'free', file: 'recorded', source: 'device 64512' },
    });
    expect(judged(recorded, seen)).toBe('dead: witness-free, proven');
  });

  test('is dead by a reboot', () => {
    const before = withLifeline({ handedOver: true }, { bootId: OTHER_BOOT });
    expect(judged(before, observation())).toBe('dead: rebooted, proven');
  });
});

describe('a death that only equal boot ids suggest, where copies of one machine may meet', () => {
  const shared = { filesystem: 'nfs', lease: LEASE };
  const onNfs = (overrides: Partial<Observation>) => observation({ filesystem: 'nfs', ...overrides });
  const nobody = { found: [], complete: true, hidden: false };
  const deaths: readonly [string, OwnerRecord, Partial<Observation>][] = [
    ['row 3', record({}, shared), { heldPidfd: 'exited', observedProcess: absent }],
    ['row 4', record({ pidNamespace: { ...NAMESPACE, id: '70' } }, shared), { observedProcess: absent }],
    ['row 5', record({}, shared), { observedProcess: absent }],
    ['row 6', record({}, shared), { observedProcess: exited() }],
    ['row 7', record({ pidfdInode: null }, shared), { observedProcess: running({ startTicks: '6000' }) }],
    ['row 10', record({ pidNamespace: OTHER_NAMESPACE }, shared), { namesakes: nobody }],
  ];

  test.each(deaths)('is none by %s, where the owner keeps a lease', (_, owner, seen) => {
    expect(judged(owner, onNfs(seen))).toBe('unknown: shared-place, proven');
    // One side that sees a network filesystem is enough.
    expect(judged(owner, observation({ filesystem: 'ext', ...seen }))).toBe('unknown: shared-place, proven');
    expect(judged({ ...owner, filesystem: 'ext' }, onNfs(seen))).toBe('unknown: shared-place, proven');
    expect(judged(owner, observation({ filesystem: null, ...seen }))).toBe('unknown: shared-place, proven');
  });

  test.each(deaths)('is assumed by %s without a lease, or where the boot id is trusted', (_, owner, seen) => {
    expect(judged({ ...owner, lease: null }, onNfs(seen))).toMatch(/^dead: .*, assumed$/);
    expect(judged(owner, onNfs(seen), { trustBootId: true })).toMatch(/^dead: .*, assumed$/);
  });

  test.each(deaths)('is proven by %s on a filesystem of one kernel', (_, owner, seen) => {
    expect(judged({ ...owner, filesystem: 'ext' }, observation(seen))).toMatch(/^dead: .*, proven$/);
  });

  test('is no obstacle to a process that is seen to live', () => {
    expect(judged(record({}, shared), onNfs({}))).toBe('alive: process-running, proven');
  });
});
