import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ProcessIdentity } from '../../src/identity/process-identity.js';
import { judgeOwner } from '../../src/judge/judge.js';
import { decide } from '../../src/judge/table.js';
import type { OwnerRecord } from '../../src/record/owner-record.js';
import { recordFromCaller } from '../../src/record/parse.js';
import { absent, DEFAULTS, observation, record, running, verdictOn, WITNESS } from './builders.js';
import { observe, type Seen, type World, withEverythingKnown, worlds } from './world.js';

const RUNS = { numRuns: 10_000 };
const alive = worlds('alive');
const dead = worlds('zombie', 'gone', 'rebooted', 'recycled');

/** An ordinary lock, where no copy of the machine can be at work. */
const OWN_LOCK: Pick<World, 'filesystems' | 'handedOver'> = {
  filesystems: ['ext', 'ext'],
  handedOver: false,
};

function judge({ record, observation }: Seen) {
  return decide(record, observation, DEFAULTS);
}

describe('in every world', () => {
  test('a live owner is never judged dead, whatever the observer cannot see', () => {
    fc.assert(
      fc.property(alive, (world) => {
        expect(judge(observe(world)).state).not.toBe('dead');
      }),
      RUNS,
    );
  });

  test('a live owner is not judged dead either when any of what is known is taken away', () => {
    fc.assert(
      fc.property(alive, lossOfKnowledge, (world, lost) => {
        expect(judge(without(lost, observe(world))).state).not.toBe('dead');
      }),
      RUNS,
    );
  });

  test('a dead owner whose witness can be tested is judged dead', () => {
    fc.assert(
      fc.property(dead, fc.constantFrom('ext', 'xfs', 'btrfs', 'overlay', 'tmpfs'), (world, filesystem) => {
        const testable: World = {
          ...world,
          place: world.place === 'other machine' ? 'sibling' : world.place,
          observer: { ...world.observer, testsWitness: true },
          filesystems: [filesystem, filesystem],
          witnessRecorded: true,
        };
        const verdict = judge(observe(testable));
        expect(verdict).toMatchObject({ state: 'dead', certainty: 'proven' });
      }),
      RUNS,
    );
  });

  test('an owner of this boot and namespace is judged rightly where everything is known', () => {
    fc.assert(
      fc.property(worlds('alive', 'zombie', 'gone', 'recycled'), (world) => {
        const local = withEverythingKnown({ ...world, ...OWN_LOCK, place: 'same namespace' });
        expect(judge(observe(local)).state).toBe(world.fate === 'alive' ? 'alive' : 'dead');
      }),
      RUNS,
    );
  });

  test('an observer in the initial namespace who knows everything judges every owner of this boot rightly', () => {
    fc.assert(
      fc.property(worlds('alive', 'zombie', 'gone', 'recycled'), (world) => {
        const place = world.place === 'same namespace' ? world.place : 'descendant';
        const observer = { ...world.observer, initialNamespace: true };
        const above = withEverythingKnown({ ...world, ...OWN_LOCK, place, observer });
        expect(judge(observe(above)).state).toBe(world.fate === 'alive' ? 'alive' : 'dead');
      }),
      RUNS,
    );
  });

  test('a verdict says what was read, and nothing in it is read twice', () => {
    fc.assert(
      fc.property(fc.oneof(alive, dead), (world) => {
        const { evidence } = judge(observe(world));
        const checks = evidence.map(({ check }) => check);
        expect(checks.length).toBeGreaterThan(0);
        expect(new Set(checks).size).toBe(checks.length);
      }),
    );
  });

  // Without this test, the properties above could hold because nothing ever happens.
  test('the worlds are rich enough to reach every reason of the table', () => {
    const reached = (arbitrary: fc.Arbitrary<World>) =>
      new Set(
        fc.sample(arbitrary, { numRuns: 10_000, seed: 75028 }).map((world) => judge(observe(world)).reason),
      );
    expect([...reached(alive)].sort()).toEqual([
      'handed-over',
      'lifeline-held',
      'not-enough-recorded',
      'other-boot',
      'other-namespace',
      'pidfd-running',
      'process-hidden',
      'process-running',
      'witness-held',
    ]);
    expect([...reached(dead)]).toEqual(
      expect.arrayContaining([
        'handed-over',
        'lifeline-free',
        'namespace-gone',
        'no-such-process',
        'not-in-any-namespace',
        'pid-is-thread',
        'pid-reused',
        'pidfd-exited',
        'process-exited',
        'rebooted',
        'shared-place',
        'witness-free',
      ]),
    );
  });
});

test('without the witness that a command inherited, its dead owner is dead', () => {
  const held = observation({
    observedProcess: absent,
    witness: { state: 'held', file: 'recorded', source: 'device 64512' },
  });
  expect(verdictOn(record({}, { witness: WITNESS }), held)).toBe('alive: witness-held');
  expect(verdictOn(record(), held)).toBe('dead: no-such-process');
});

describe('whatever a caller hands over', () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
    withObjectString: true,
    withSparseArray: true,
    withTypedArray: true,
  });
  const valid = record({}, { witness: WITNESS, lease: { durationMs: 30_000 }, label: 'test' });

  /** A record of which some fields, at any depth, are replaced by anything. */
  const mutated = fc
    .array(fc.tuple(fc.constantFrom(...pathsOf(valid)), anything), { minLength: 1, maxLength: 4 })
    .map((changes) => changes.reduce<unknown>((value, [path, to]) => replace(value, path, to), valid));

  test.each([
    ['anything', anything],
    ['a mutated record', mutated],
    ['a mutated identity', mutated.map((value) => (value as { identity: unknown }).identity)],
  ])('%s gets a verdict and no exception', (_name, values) => {
    fc.assert(
      fc.property(values, fc.constantFrom(running(), absent), (value, observedProcess) => {
        const verdict = decide(recordFromCaller(value), observation({ observedProcess }), DEFAULTS);
        expect(['alive', 'dead', 'unknown']).toContain(verdict.state);
        expect(() => JSON.stringify(verdict)).not.toThrow();
      }),
      { numRuns: 5000 },
    );
  });

  test('judgeOwner itself does not throw either', () => {
    fc.assert(
      fc.property(fc.oneof(anything, mutated).filter(isObject), (value) => {
        expect(['alive', 'dead', 'unknown']).toContain(judgeOwner(value as OwnerRecord).state);
      }),
      { numRuns: 300 },
    );
  });
});

/** Names of facts that may be unknown, each on the side of the record or of the observer. */
const FACTS = ['startTicks', 'bootId', 'bootIdNative', 'inode', 'id', 'pidfdInode'] as const;
type Side = 'recorded' | 'self' | 'observedProcess' | 'namesakes';
type Loss = readonly [
  Side | 'filesystem recorded' | 'filesystem' | 'witness' | 'exited',
  (typeof FACTS)[number],
];

const lossOfKnowledge = fc.array(
  fc.tuple(
    fc.constantFrom<Loss[0][]>(
      'recorded',
      'self',
      'observedProcess',
      'namesakes',
      'filesystem recorded',
      'filesystem',
      'witness',
      'exited',
    ),
    fc.constantFrom(...FACTS),
  ),
  { maxLength: 6 },
);

function without(losses: readonly Loss[], seen: Seen): Seen {
  return losses.reduce(lose, seen);
}

function lose({ record, observation }: Seen, [side, fact]: Loss): Seen {
  const { observedProcess, namesakes } = observation;
  const found = namesakes.found;
  switch (side) {
    case 'recorded':
      return {
        observation,
        record: { ...record, identity: forget(record.identity as ProcessIdentity, fact) },
      };
    case 'self':
      return { record, observation: { ...observation, self: forget(observation.self, fact) } };
    case 'observedProcess': {
      if (observedProcess.identity === null) return { record, observation };
      const identity = forget(observedProcess.identity, fact);
      return { record, observation: { ...observation, observedProcess: { ...observedProcess, identity } } };
    }
    case 'namesakes': {
      const forgotten = found.map((each) => ({ ...each, identity: forget(each.identity, fact) }));
      return { record, observation: { ...observation, namesakes: { ...namesakes, found: forgotten } } };
    }
    case 'exited':
      return {
        record,
        observation: { ...observation, observedProcess: { ...observedProcess, exited: null } },
      };
    case 'filesystem':
      return { record, observation: { ...observation, filesystem: null } };
    case 'filesystem recorded':
      return { observation, record: { ...record, filesystem: null } };
    case 'witness':
      return { observation, record: { ...record, witness: null } };
  }
}

function forget(identity: ProcessIdentity, fact: (typeof FACTS)[number]): ProcessIdentity {
  if (fact !== 'inode' && fact !== 'id') return { ...identity, [fact]: null };
  return { ...identity, pidNamespace: { ...identity.pidNamespace, [fact]: null } };
}

/** Every path through an object, such as ['identity', 'pidNamespace', 'inode']. */
function pathsOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, child]) => [[...path, key], ...pathsOf(child, [...path, key])]);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function replace(value: unknown, [key, ...rest]: readonly string[], to: unknown): unknown {
  if (key === undefined) return to;
  if (typeof value !== 'object' || value === null) return value;
  return { ...value, [key]: replace((value as Record<string, unknown>)[key], rest, to) };
}
