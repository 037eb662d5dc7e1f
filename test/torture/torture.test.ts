import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { FileOperations } from '../../src/backend/backend.js';
import type { Descriptor } from '../../src/backend/descriptor.js';
import { type AnyName, hasBackend, loadBackend } from '../helpers/backends.js';
import { openDirectory } from '../helpers/open-directory.js';
import { namespaceOf } from '../helpers/processes.js';
import { canIsolate, hasProgram, isBuilt, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { account } from './account.js';
import { type Group, summary, type TortureResult, torture, type WorkerKind } from './torture.js';
import { watchDeletions } from './watch-deletions.mjs';

// Many processes compete for one lock, in this PID namespace and in others, and are killed all the time.
// KI_SEED repeats the driver's schedule, KI_TORTURE_SECONDS lengthens the main run, and KI_TORTURE_REPORT
// names a file for its figures. KI_TORTURE_OLDER names the build/modules of another version, which half of the
// processes then use.

const SEED = Number(process.env.KI_SEED ?? Math.floor(Math.random() * 2 ** 31));
const SECONDS = Number(process.env.KI_TORTURE_SECONDS ?? 60);
const NEEDED = [isBuilt(), hasBackend('native'), hasBackend('procfs'), canIsolate()];

/** Inode of the PID namespace that a machine boots with (include/linux/proc_ns.h). */
const INITIAL_NAMESPACE = '4026531836';
/** A control must find its flaw within this time. */
const CONTROL_SECONDS = 90;

const HERE: Group = {
  isBox: false,
  workers: [
    { kind: 'ours', backend: 'native', threads: 1 },
    { kind: 'ours', backend: 'native' },
    { kind: 'ours', backend: 'procfs' },
  ],
};
const BOX: Group = {
  isBox: true,
  workers: [
    { kind: 'ours', backend: 'native' },
    { kind: 'ours', backend: 'native' },
    { kind: 'ours', backend: 'procfs' },
  ],
};

function report(what: string, result: TortureResult): void {
  const line = `${what}: ${summary(result, SEED)}`;
  console.log(line);
  const file = process.env.KI_TORTURE_REPORT;
  if (file !== undefined) appendFileSync(file, `${line}\n`);
}

/**
 * Returns whether the last process to sweep cannot judge this entry. Unless its namespace is the initial one,
 * it cannot see that a box is gone, so the private directory of a worker without a witness stays. The lock
 * itself never does.
 */
function isBeyondJudging(name: string): boolean {
  return name !== 'x.lock' && namespaceOf('self') !== INITIAL_NAMESPACE;
}

/** Puts the findings into words, so that a failure can be read. */
function troubles({ overlaps, suspicions, faults, wedges, accidents }: TortureResult): string[] {
  return [...overlaps, ...suspicions, ...faults, ...wedges, ...accidents].slice(0, 20);
}

describe('under torture', () => {
  testRequiring(
    NEEDED,
    `nobody shares the lock and nobody is locked out, ${SECONDS} s of kills, seed ${SEED}`,
    async () => {
      const result = await torture({
        groups: [HERE, BOX, BOX],
        seconds: SECONDS,
        seed: SEED,
        ownerlessGrace: 500,
      });
      report('native and plain Node', result);
      expect(troubles(result)).toEqual([]);
      expect(result.acquisitions).toBeGreaterThan(SECONDS);
      expect(result.kills).toBeGreaterThan(SECONDS);
      expect(result.reclaims).toBeGreaterThan(0);
      expect(result.leftovers.filter((name) => !isBeyondJudging(name))).toEqual([]);
    },
    1000 * SECONDS + 60_000,
  );
});

describe('while its directory is renamed, its file is locked by readers, copies are taken, and answers come late', () => {
  // Between two containers only a lease shows whether an owner on plain Node lives.
  const undecided = (isBox: boolean): Group => ({
    isBox,
    workers: (['native', 'procfs', 'procfs'] as const).map((backend) => ({ kind: 'ours', backend })),
  });

  testRequiring(
    [...NEEDED, hasProgram('python3')],
    `nobody shares the lock and nobody is locked out, ${SECONDS} s of kills, seed ${SEED}`,
    async () => {
      const result = await torture({
        groups: [undecided(false), undecided(true), undecided(true)],
        seconds: SECONDS,
        seed: SEED,
        byLease: true,
        violence: 600,
        boxLife: 10_000,
        longSections: 0.03,
        ownerlessGrace: 500,
        disturbed: true,
      });
      report('disturbed', result);
      expect(troubles(result)).toEqual([]);
      expect(result.acquisitions).toBeGreaterThan(SECONDS);
      expect(result.renames).toBeGreaterThan(SECONDS / 2);
      expect(result.reclaims).toBeGreaterThan(0);
    },
    1000 * SECONDS + 90_000,
  );
});

const modules = process.env.KI_TORTURE_OLDER ?? null;

// CI has no build of another version, so there this is nothing that is missing.
describe.runIf(modules !== null)('beside processes of an older version', () => {
  const half = (group: Group): Group => ({
    ...group,
    workers: group.workers.map((worker, index) => (index % 2 === 0 ? worker : { ...worker, modules })),
  });

  testRequiring(
    NEEDED,
    `nobody shares the lock and nobody is locked out, ${SECONDS} s of kills, seed ${SEED}`,
    async () => {
      const groups = [half(HERE), half(BOX), half(BOX)];
      const result = await torture({ groups, seconds: SECONDS, seed: SEED, ownerlessGrace: 500 });
      report('mixed with an older version', result);
      expect(troubles(result)).toEqual([]);
      expect(result.acquisitions).toBeGreaterThan(SECONDS);
    },
    1000 * SECONDS + 60_000,
  );
});

describe('with the portable backend', () => {
  // This backend never knows that an owner is dead (see docs/portable.md), so there are fewer deaths, each of
  // which costs a lease.
  const seconds = Math.max(15, SECONDS / 4);
  const group = (isBox: boolean, backends: readonly AnyName[]): Group => ({
    isBox,
    workers: backends.map((backend) => ({ kind: 'ours', backend })),
  });
  // Sections that last longer than a lease show that it is renewed. There is about one in ten seconds.
  const teams: readonly [string, readonly AnyName[], number][] = [
    ['among the others', ['native', 'procfs', 'portable'], 0.003],
    ['alone', ['portable', 'portable', 'portable'], 0.02],
  ];
  for (const [name, backends, longSections] of teams) {
    testRequiring(
      NEEDED,
      `${name}, nobody shares the lock and nobody is locked out, ${seconds} s of kills, seed ${SEED}`,
      async () => {
        const result = await torture({
          groups: [group(false, backends), group(true, backends), group(true, backends)],
          seconds,
          seed: SEED,
          byLease: true,
          violence: 1_000,
          boxLife: 6_000,
          deaths: 0.01,
          longSections,
          operations: 400,
          watched: true,
          ownerlessGrace: 500,
        });
        report(`portable ${name}`, result);
        expect(troubles(result)).toEqual([]);
        for (const backend of backends) expect(result.acquisitionsBy[`ours/${backend}`]).toBeGreaterThan(0);
        expect(result.kills).toBeGreaterThan(seconds / 3);
        // Each reclaim has to wait for the end of a lease, so a short run may see none.
        if (seconds > 60) expect(result.reclaims).toBeGreaterThan(0);
        // These processes were killed just before their lock appeared, and no observer can know that they are
        // dead.
        expect(result.leftovers.filter((entry) => !/^\.x\.lock\.[0-9a-f]{32}$/.test(entry))).toEqual([]);
      },
      1000 * seconds + 90_000,
    );
  }
});

describe('the torture finds the flaw of', () => {
  const flaws: readonly [WorkerKind, string][] = [
    ['delete-by-path', 'a lock that deletes what it judged by its path'],
    ['rename-aside', 'a lock that renames what it judged aside'],
    ['judge-all-dead', 'a judge to whom everybody is dead'],
  ];
  for (const [kind, name] of flaws) {
    testRequiring(
      NEEDED,
      `${name}, seed ${SEED}`,
      async () => {
        const workers = Array.from({ length: 4 }, () => ({ kind, backend: 'native' }) as const);
        const groups = [
          { isBox: false, workers },
          { isBox: true, workers },
        ];
        const result = await torture({
          groups,
          seconds: CONTROL_SECONDS,
          seed: SEED,
          untilOverlap: true,
          violence: 150,
          longestStop: 60,
          deaths: 0.1,
        });
        console.log(`${kind}: ${summary(result, SEED)}`);
        expect(result.overlaps.length).toBeGreaterThan(0);
      },
      1000 * CONTROL_SECONDS + 30_000,
    );
  }

  testRequiring(
    NEEDED,
    'a lock that nobody takes from the dead',
    async () => {
      const workers = Array.from({ length: 2 }, () => ({ kind: 'older', backend: 'native' }) as const);
      const groups = [{ isBox: false, workers }];
      const result = await torture({
        groups,
        seconds: CONTROL_SECONDS,
        seed: SEED,
        violence: 2_000,
        deaths: 1,
      });
      expect(result.wedges).toHaveLength(1);
    },
    1000 * CONTROL_SECONDS + 30_000,
  );

  describe.each(['native', 'portable'] as const)('the %s backend', (name) => {
    const NONCE = '0123456789abcdef0123456789abcdef';

    /** Returns the faults that are reported for `act` in a lock directory that holds `file`. */
    function faultsOf(
      file: string,
      act: (files: FileOperations, directory: Descriptor, parent: Descriptor) => void,
    ) {
      const path = tempDir();
      mkdirSync(join(path, 'x.lock'));
      writeFileSync(join(path, 'x.lock', file), '{}');
      const faults: string[] = [];
      const backend = loadBackend(name);
      watchDeletions(backend, 5_000, (text) => faults.push(text));
      const { files } = backend;
      const parent = files.openParent(path);
      act(files, openDirectory(files, parent, 'x.lock'), parent);
      files.close(parent);
      return faults;
    }

    testRequiring([hasBackend(name)], 'a deletion of what was not judged', () => {
      const faults = faultsOf('owner.json', (files, directory, parent) => {
        files.renameAt(directory, 'owner.json', directory, `claimed.${NONCE}`);
        files.renameAt(directory, `claimed.${NONCE}`, directory, `retired.${NONCE}`);
        files.unlinkAt(directory, `retired.${NONCE}`);
        files.rmdirIfAt(parent, 'x.lock', parent);
        files.close(directory);
        files.rmdirAt(parent, 'x.lock');
      });
      const renamed = (what: string) =>
        expect.stringContaining(`${what} of an owner.json that was not judged: {}`);
      expect(faults).toEqual([
        renamed('rename'),
        renamed(`rename to retired.${NONCE}`),
        'rmdir of x.lock by a directory that was not looked at',
        'rmdir of x.lock, which was not looked at',
      ]);
    });

    testRequiring([hasBackend(name)], 'a lock that is freed before it was compared', () => {
      const faults = faultsOf('owner.json', (files, directory) => {
        files.renameAt(directory, 'owner.json', directory, `retired.${NONCE}`);
      });
      expect(faults).toContain(`rename of owner.json to retired.${NONCE}`);
    });

    testRequiring([hasBackend(name)], 'a deletion of what may still be given back', () => {
      const faults = faultsOf(`claimed.${NONCE}`, (files, directory) => {
        files.unlinkAt(directory, `claimed.${NONCE}`);
      });
      expect(faults).toEqual([expect.stringMatching(`^unlink of claimed.${NONCE} after -?\\d+ ms$`)]);
    });

    testRequiring([hasBackend(name)], 'but not one of what was read before', () => {
      const faults = faultsOf('owner.json', (files, directory, parent) => {
        const owner = files.openAt(directory, 'owner.json');
        files.read(owner, 10);
        files.renameAt(directory, 'owner.json', directory, `claimed.${NONCE}`);
        files.renameAt(directory, `claimed.${NONCE}`, directory, `retired.${NONCE}`);
        files.unlinkAt(directory, `retired.${NONCE}`);
        files.rmdirAt(parent, 'x.lock');
      });
      expect(faults).toEqual([]);
    });
  });

  test('an update that was lost, though no two processes were seen inside', () => {
    const visit = (who: string) => `e ${who} 0\nw ${who} 1 free\nd ${who}\nr ${who}\n`;
    expect(account(visit('a') + visit('b'), 1).suspicions).toHaveLength(1);
  });

  test('a process that goes on in a section that another has entered, but not one that was killed there', () => {
    const both = 'e a 0\nw a 1 free\ne b 0\nw b 1 late\n';
    expect(account(`${both}d a\n`, 1).overlaps).toHaveLength(1);
    expect(account(`${both}d b\nr b\n`, 1)).toMatchObject({ overlaps: [], suspicions: [], reclaims: 1 });
  });
});

describe('beside programs that know only PIDs', () => {
  // Older programs judge by a PID of their own namespace alone, so all of this happens in one namespace.
  const group = (kind: WorkerKind): Group => ({
    isBox: false,
    workers: [
      { kind: 'ours', backend: 'native' },
      { kind: 'ours', backend: 'procfs' },
      { kind, backend: 'native' },
      { kind, backend: 'native' },
    ],
  });
  const mixed = {
    seed: SEED,
    watched: true,
    operations: null,
    samePids: false,
    ownerlessGrace: 1_000,
    longestStop: 0,
  };
  const seconds = Math.max(5, SECONDS / 6);

  testRequiring(
    NEEDED,
    `that reclaim nothing, nobody shares the lock: ${seconds} s, seed ${SEED}`,
    async () => {
      const result = await torture({ ...mixed, groups: [group('older')], seconds });
      console.log(`older: ${summary(result, SEED)}`);
      expect(troubles(result)).toEqual([]);
      expect(result.acquisitions).toBeGreaterThan(20);
    },
    1000 * seconds + 60_000,
  );

  testRequiring(
    NEEDED,
    `that reclaim by path, ours delete nothing that they did not judge: ${seconds} s, seed ${SEED}`,
    async () => {
      const result = await torture({ ...mixed, groups: [group('older-reclaiming')], seconds });
      console.log(`older-reclaiming: ${summary(result, SEED)}`);
      expect(result.faults.filter((fault) => !fault.includes('threw: LockLostError'))).toEqual([]);
      expect(result.acquisitions).toBeGreaterThan(20);
    },
    1000 * seconds + 60_000,
  );
});
