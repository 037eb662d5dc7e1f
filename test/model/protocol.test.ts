import { describe, expect, test } from 'vitest';
import { explore } from './explore.js';
import type { Kind, Mistake, Rules } from './programs.js';

// A model of the protocol, not the code itself. It tries every order in which the system calls can happen,
// and the death of each process before and after each of them. test/crash and test/torture try the same with
// the code.

/** ms, on a machine that is busy with other tests. */
const LONG = 120_000;
/** These take minutes and gigabytes: run them when the protocol itself is changed. */
const IS_LARGE = process.env.KI_MODEL === 'large';

const TEAMS: Readonly<Record<string, readonly Kind[]>> = {
  'two that publish with RENAME_NOREPLACE': ['owner', 'contender', 'contender'],
  'two that publish with mkdir and rename': ['owner', 'plain-contender', 'plain-contender'],
  'one of each': ['owner', 'contender', 'plain-contender'],
};
const PAIR = ['owner', 'contender', 'contender'] as const;
const BESIDE_OLDER: readonly (readonly Kind[])[] = [
  ['owner', 'contender', 'older'],
  ['owner', 'plain-contender', 'older'],
  ['contender', 'plain-contender', 'older'],
];

describe('in every order of steps, with a death at every moment', () => {
  for (const [who, team] of Object.entries(TEAMS)) {
    for (const sweep of [false, true]) {
      test(
        `one holds the lock and none is locked out for ever: ${who}${sweep ? ', sweeping' : ''}`,
        () => {
          const { fault, wedge, states } = explore(team, { patient: true, sweep });
          expect(fault).toBeNull();
          expect(wedge).toBeNull();
          expect(states).toBeGreaterThan(7000);
        },
        LONG,
      );
    }

    test(
      `our own programs need no grace: ${who}`,
      () => {
        const { fault, wedge } = explore(team, { patient: false });
        expect(fault).toBeNull();
        expect(wedge).toBeNull();
      },
      LONG,
    );
  }

  for (const team of [
    ['contender', 'contender', 'contender'],
    ['contender', 'plain-contender', 'plain-contender'],
  ] as const) {
    test(
      `one holds the lock and none is locked out for ever: ${team.join(', ')}`,
      () => {
        expect(explore(team, { patient: true })).toMatchObject({ fault: null, wedge: null });
      },
      LONG,
    );
  }

  // Three that begin anew and also sweep have more states than the model can hold without a grace.
  const largest: readonly [readonly Kind[], boolean][] = [
    [['contender', 'contender', 'contender'], false],
    [['owner', 'contender', 'contender'], true],
    [['owner', 'contender', 'plain-contender'], true],
  ];
  for (const [team, sweep] of IS_LARGE ? largest : []) {
    test(`our own programs need no grace: ${team.join(', ')}${sweep ? ', sweeping' : ''}`, () => {
      expect(explore(team, { patient: false, sweep })).toMatchObject({ fault: null, wedge: null });
    }, 900_000);
  }

  test("another program's file in the lock directory is never deleted, and keeps the lock from being reclaimed", () => {
    const { fault, wedge } = explore(PAIR, { patient: true, sweep: true }, true);
    expect(fault).toBeNull();
    expect(wedge).not.toBeNull();
  });
});

describe('beside a program that makes the directory first and writes owner.json later', () => {
  for (const team of BESIDE_OLDER) {
    test(`nothing is removed under its hands: ${team.join(', ')}`, () => {
      expect(explore(team, { patient: true })).toMatchObject({ fault: null, wedge: null });
    });
  }

  test('the grace is what protects it: without, it loses its directory', () => {
    expect(explore(BESIDE_OLDER[0] ?? [], { patient: false }).fault?.what).toBe(
      'the directory of an older program was removed under its hands',
    );
  });

  test('what remains: one killed before its rmdir, two that find the empty directory, and its mkdir between their rmdirs', () => {
    const { fault } = explore(['owner', 'contender', 'contender', 'older'], { patient: true });
    expect(fault?.what).toBe('the directory of an older program was removed under its hands');
    expect(fault?.steps).toContain('owner 0 is killed at: compare');
    expect(fault?.steps.slice(-3).map((step) => step.split(': ')[1])).toEqual([
      'rmdir',
      'older-look',
      'rmdir',
    ]);
  });
});

describe('beside a program that takes a stale lock over by replacing owner.json, or by writing into it', () => {
  const teams: (readonly Kind[])[] = [
    ['owner', 'contender', 'taker'],
    ['owner', 'contender', 'overwriter'],
    ['contender', 'plain-contender', 'taker'],
    ['contender', 'plain-contender', 'overwriter'],
  ];
  for (const team of teams) {
    test(
      `what it wrote is not retired by a verdict on what was there before: ${team.join(', ')}`,
      () => {
        expect(explore(team, { patient: true })).toMatchObject({ fault: null, wedge: null });
      },
      LONG,
    );
  }

  const quartets: readonly (readonly Kind[])[] = [
    ['owner', 'contender', 'contender', 'taker'],
    ['owner', 'contender', 'contender', 'overwriter'],
    ['owner', 'plain-contender', 'plain-contender', 'taker'],
  ];
  for (const team of IS_LARGE ? quartets : []) {
    test(`the same, apart from the removal that the model shows above: ${team.join(', ')}`, () => {
      const rules = { patient: true, atomicRemoval: true };
      expect(explore(team, rules)).toMatchObject({ fault: null, wedge: null });
    }, 900_000);
  }
});

describe('beside version 0.1, which retires in one step', () => {
  const teams: (readonly Kind[])[] = [
    ['owner', 'contender', 'previous'],
    ['owner', 'plain-contender', 'previous'],
  ];
  if (IS_LARGE) teams.push(['contender', 'contender', 'previous']);
  for (const team of teams) {
    for (const sweep of [false, true]) {
      test(
        `one holds the lock and none is locked out for ever: ${team.join(', ')}${sweep ? ', sweeping' : ''}`,
        () => {
          expect(explore(team, { patient: true, sweep })).toMatchObject({ fault: null, wedge: null });
        },
        LONG,
      );
    }
  }

  test('what remains: it frees a claimed record after its grace, that of a release that takes so long', () => {
    const { fault } = explore(teams[0] ?? [], { patient: false });
    expect(fault?.what).toBe('the lock of a live owner was removed');
    expect(fault?.steps[0]).toBe('owner 0: critical');
    expect(fault?.steps.at(-1)).toBe('previous 2: unlink');
  });
});

describe('the model finds the flaw of', () => {
  const stolen = 'the lock of a live owner was removed';
  const cases: Readonly<
    Record<Mistake, { name: string; what: string; rules?: Partial<Rules>; team?: readonly Kind[] }>
  > = {
    'delete-by-path': {
      name: 'deleting owner.json by path, not through the descriptor that was judged',
      what: stolen,
    },
    'rename-aside': { name: 'renaming the whole directory aside', what: stolen },
    'publish-before-owner': { name: 'publishing before owner.json is written', what: stolen },
    'no-comparison': {
      name: 'retiring what stands there by then, whether it was judged or not',
      what: stolen,
      team: ['owner', 'contender', 'taker'],
    },
    'inode-comparison': {
      name: 'comparing the inode, and not the content',
      what: stolen,
      team: ['owner', 'contender', 'overwriter'],
    },
    'claim-ignored': {
      name: 'judging nobody by a claimed owner.json',
      what: 'nobody can ever acquire the lock',
    },
    'no-retiring-rename': { name: 'reclaiming without the rename that one alone wins', what: stolen },
    refill: { name: 'putting a second owner.json into a directory', what: stolen },
    'guard-directory': {
      name: 'a guard directory around the reclaim',
      what: 'nobody can ever acquire the lock',
    },
    'late-witness': { name: 'taking the witness after publishing', what: stolen },
    'sweep-unjudged': { name: 'sweeping without judging', what: stolen, rules: { sweep: true } },
    'shared-removal': {
      name: 'letting everybody remove a directory that is empty',
      what: 'the directory of an older program was removed under its hands',
      team: ['owner', 'contender', 'older'],
    },
  };
  for (const [mistake, { name, what, rules, team }] of Object.entries(cases)) {
    test(name, () => {
      const { fault, wedge } = explore(team ?? PAIR, {
        patient: true,
        mistake: mistake as Mistake,
        ...rules,
      });
      expect((fault ?? wedge)?.what).toBe(what);
    });
  }

  for (const mistake of ['rename-aside', 'no-retiring-rename'] as const) {
    test(`deleting the directory with all that is in it: ${mistake}`, () => {
      const { fault } = explore(PAIR, { patient: true, mistake }, true);
      expect(fault?.what).toBe("somebody's file was deleted");
    });
  }
});
