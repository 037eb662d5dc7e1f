import { chownSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ProcessIdentity } from '../../src/identity/process-identity.js';
import { Agent, startAgent } from '../helpers/agent.js';
import { loadBackend, TESTED, type TestedName } from '../helpers/backends.js';
import { type Box, type BoxProc, openBox } from '../helpers/box.js';
import { writeLock } from '../helpers/crafted.js';
import { fixture, hostPidOf, startTicksOf } from '../helpers/processes.js';
import { isRoot } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';
import { absent, observation, observer, record, running, verdictOn } from '../judge/builders.js';
import {
  type Cast,
  expectNotStolen,
  expectVerdict,
  inWords,
  lockPath,
  trap,
  trapForEachCast,
  verdictOf,
} from './scene.js';

/** Gives the command the /proc of its PID namespace, in a box that has another one. */
const WITH_OWN_PROC = ['unshare', '--mount', 'sh', '-c', 'mount -t proc proc /proc && exec "$@"', 'sh'];

/** The verdicts of an observer on an owner that lives, and on the same one when it is dead. */
type Outcome = readonly [alive: string, dead: string];

const BY_WITNESS: Outcome = ['alive: witness-held', 'dead: witness-free'];
const BY_PROCESS: Outcome = ['alive: process-running', 'dead: no-such-process'];
/**
 * A live process cannot be told apart from another one with its number, but a free number is a clear answer.
 */
const ONLY_ABSENCE: Outcome = ['unknown: process-hidden', 'dead: no-such-process'];
const NOTHING: Outcome = ['unknown: not-enough-recorded', 'unknown: not-enough-recorded'];
/** Plain Node does not start without /proc, and says so. */
const NO_BACKEND = 'ERR_BACKEND_UNAVAILABLE';

/** The verdicts where no witness can be tested after all. */
function withoutWitness({ procfs }: Outcomes): Outcome {
  return procfs.procfs === NO_BACKEND ? NOTHING : procfs.procfs;
}

/** The outcomes by the backend of the owner, then of the observer. */
type Outcomes = Record<TestedName, Record<TestedName, Outcome | typeof NO_BACKEND>>;

/**
 * Owner and observer are in one PID namespace. Only one of the two has this /proc, the other has an ordinary
 * one.
 */
const PROCS: Record<Exclude<BoxProc, 'own'>, { ofObserver: Outcomes; ofOwner: Outcomes }> = {
  hidepid: {
    ofObserver: {
      native: { native: BY_WITNESS, procfs: BY_WITNESS },
      procfs: { native: ONLY_ABSENCE, procfs: ONLY_ABSENCE },
    },
    ofOwner: {
      native: { native: BY_WITNESS, procfs: BY_WITNESS },
      procfs: { native: BY_PROCESS, procfs: BY_PROCESS },
    },
  },
  'subset-pid': {
    ofObserver: {
      // There is no /proc/locks here either.
      native: { native: BY_WITNESS, procfs: NOTHING },
      procfs: { native: NOTHING, procfs: NOTHING },
    },
    ofOwner: {
      native: { native: BY_WITNESS, procfs: BY_WITNESS },
      procfs: { native: NOTHING, procfs: NOTHING },
    },
  },
  none: {
    ofObserver: {
      native: { native: BY_WITNESS, procfs: NO_BACKEND },
      procfs: { native: NOTHING, procfs: NO_BACKEND },
    },
    ofOwner: {
      native: { native: BY_WITNESS, procfs: BY_WITNESS },
      procfs: { native: NO_BACKEND, procfs: NO_BACKEND },
    },
  },
  foreign: {
    ofObserver: {
      native: { native: BY_WITNESS, procfs: BY_WITNESS },
      procfs: { native: ONLY_ABSENCE, procfs: ONLY_ABSENCE },
    },
    ofOwner: {
      native: { native: BY_WITNESS, procfs: BY_WITNESS },
      procfs: { native: BY_PROCESS, procfs: BY_PROCESS },
    },
  },
};

const NAMES: Record<keyof typeof PROCS, string> = {
  hidepid: 'hidepid=2 as uid 1000',
  'subset-pid': 'subset=pid',
  none: 'no /proc',
  foreign: 'foreign /proc',
};

for (const [proc, { ofObserver, ofOwner }] of Object.entries(PROCS) as [
  keyof typeof PROCS,
  (typeof PROCS)[keyof typeof PROCS],
][]) {
  const user = proc === 'hidepid' ? { uid: 1000 } : {};
  const more = proc === 'hidepid' ? [isRoot()] : [];
  describe(NAMES[proc], () => {
    trapForEachCast(
      `${NAMES[proc]}: what such an observer makes of an owner`,
      async (cast) => {
        const path = lockPath();
        const box = await openBox({ proc });
        const watcher = await startAgent({ box, backend: cast.observer, ...user });
        const owner = await startAgent({ box, backend: cast.owner, through: WITH_OWN_PROC });
        await owner.acquire(path);
        const outcome = ofObserver[cast.owner][cast.observer];
        await expectOutcome(cast, owner, watcher, path, outcome, withoutWitness(ofObserver));
      },
      more,
    );

    trapForEachCast(
      `${NAMES[proc]}: what others make of such an owner`,
      async (cast) => {
        const path = lockPath();
        const box = await openBox({ proc });
        const owner = await startAgent({ box, backend: cast.owner, ...user });
        const watcher = await startAgent({ box, backend: cast.observer, through: WITH_OWN_PROC });
        const outcome = ofOwner[cast.owner][cast.observer];
        if (outcome === NO_BACKEND) {
          await expect(owner.acquire(path)).rejects.toMatchObject({ code: NO_BACKEND });
          return;
        }
        await owner.acquire(path);
        await expectOutcome(cast, owner, watcher, path, outcome, withoutWitness(ofOwner));
      },
      more,
    );

    // Without a witness, the observer judges only by what the kernel says of the process.
    trap(
      `${NAMES[proc]}: such an observer knows a process by its pidfd`,
      async () => {
        const box = await openBox({ proc });
        const watcher = await startAgent({ box, backend: 'native', ...user });
        const owner = await startAgent({ box, backend: 'native', through: WITH_OWN_PROC });
        const recorded = { ...(await owner.self()), lifeline: null };
        // The boot is unknown with the other kinds of /proc, and numbers mean nothing without it.
        const knowsBoot = proc === 'hidepid' || proc === 'foreign';
        const [alive, dead] = knowsBoot ? BY_PROCESS : NOTHING;
        expect(inWords(await watcher.judge(recorded))).toBe(alive);
        await owner.kill();
        expect(inWords(await watcher.judge(recorded))).toBe(dead);
      },
      more,
    );
  });
}

for (const backend of TESTED) {
  trap(`hidepid=2 as uid 1000: a live owner of an older program's record is never dead (${backend} observer)`, async () => {
    const path = lockPath();
    const box = await openBox({ proc: 'hidepid' });
    const owner = await startAgent({ box, through: WITH_OWN_PROC });
    const watcher = await startAgent({ box, backend, uid: 1000 });
    writeLock(path, { pid: owner.pid, createdAtMs: Date.now() });
    expect(await verdictOf(watcher, path)).toBe('unknown: legacy-process-hidden');
    expect(await watcher.tryAcquire(path)).toBeNull();
    await owner.kill();
    expect(await verdictOf(watcher, path)).toBe('dead: legacy-no-such-process');
  }, [isRoot()]);

  trap(
    `foreign /proc in which both numbers coincide: a live owner is never dead (${backend} observer)`,
    async () => {
      const [own, victim] = [500, 600];
      const { box, agent } = await startWithEqualNumbers(backend, own, victim);
      const self = await agent.self();
      const inner = self.pidNamespace.inode as string;
      expect(numbersOf(hostPidOf(own, inner) as number).slice(-2)).toEqual([own, own]);
      const inside = hostPidOf(victim, inner) as number;
      const outside = await until('the number is taken outside', () => hostPidOf(victim, box.namespaceInode));
      // A reader who mistakes this /proc for its own finds another process under the owner's number.
      expect(startTicksOf(inside)).not.toBe(startTicksOf(outside));

      const owner: ProcessIdentity = {
        ...self,
        pid: victim,
        startTicks: String(startTicksOf(inside)),
        pidfdInode: null,
        lifeline: null,
      };
      expect(inWords(await agent.judge(owner))).toBe('unknown: process-hidden');
      const withInode = { ...owner, pidfdInode: pidfdInodeOf(inside) };
      expect(inWords(await agent.judge(withInode))).toBe(
        backend === 'native' ? 'alive: process-running' : 'unknown: process-hidden',
      );
      process.kill(inside, 'SIGKILL');
      await until('the owner is gone', () => hostPidOf(victim, inner) === undefined);
      expect(inWords(await agent.judge(owner))).toBe('dead: no-such-process');
    },
  );

  trap(
    `foreign /proc in which both numbers coincide: such an owner is alive for others (${backend} owner)`,
    async () => {
      const path = lockPath();
      const { agent } = await startWithEqualNumbers(backend, 500, 600);
      await agent.acquire(path);
      const self = await agent.self();
      for (const observer of TESTED) {
        const onHost = await startAgent({ backend: observer });
        expect(inWords(await onHost.judge({ ...self, pidfdInode: null, lifeline: null }))).toBe(
          'alive: process-running',
        );
        expect(await verdictOf(onHost, path)).toMatch(/^alive: (witness-held|process-running)$/);
        await expectNotStolen(onHost, path);
      }
    },
  );
}

/** Mounts its own /proc over that of this machine, in which uid 1000 then sees only itself. */
const WITH_HIDDEN_PROC = [
  'unshare',
  '--mount',
  'sh',
  '-c',
  'mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid=1000 --regid=1000 --clear-groups "$@"',
  'sh',
];

trapForEachCast(
  'hidepid=2 as uid 1000, outside of the box: not to see a live owner is no proof that it is dead',
  async (cast) => {
    const path = lockPath();
    const owner = await startAgent({ box: await openBox(), backend: cast.owner, pid: 23_019 });
    const recorded = await owner.self();
    await owner.acquire(path);
    const watcher = await startAgent({ backend: cast.observer, through: WITH_HIDDEN_PROC });
    expect(inWords(await watcher.judge({ ...recorded, lifeline: null }))).toBe('unknown: other-namespace');
    expect((await watcher.judge(recorded)).state).not.toBe('dead');
    await expectVerdict(cast, watcher, path, 'alive: witness-held', 'unknown: other-namespace');
    await expectNotStolen(watcher, path);
  },
  [isRoot()],
);

for (const backend of TESTED) {
  trap(`hidepid=2 as uid 1000, outside of the box: a live owner of another user's record in it is not dead (${backend} observer)`, async () => {
    const path = lockPath();
    const owner = await startAgent({ box: await openBox(), pid: 23_020 });
    const file = writeLock(path, { pid: owner.pid, createdAtMs: Date.now() });
    const watcher = await startAgent({ backend, through: WITH_HIDDEN_PROC });
    expect(await verdictOf(watcher, path)).toBe('unknown: legacy-process-hidden');
    expect((await watcher.reclaim(path)).reclaimed).toBe(false);
    // Processes of uid 1000 are not hidden from this observer, so a writer that it does not see does not
    // exist.
    chownSync(file, 1000, 1000);
    expect(await verdictOf(watcher, path)).toBe('dead: legacy-no-such-process');
  }, [isRoot()]);
}

const FAKE = '01234567-89ab-4def-8123-456789abcdef';
const OTHER_FAKE = 'fedcba98-7654-4210-8fed-cba987654321';

/** Shows the command the boot id in `file` as the kernel's. */
function withBootId(file: string): readonly string[] {
  const script = 'mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"';
  return ['unshare', '--mount', 'sh', '-c', script, file];
}

function bootIdFile(id: string): string {
  return writeLock(tempDir(), `${id}\n`);
}

describe('boot_id bind-mounted', () => {
  const OTHER_BOOT: Outcome = ['unknown: other-boot', 'unknown: other-boot'];
  /** The boot_id that owner and observer see, and the verdicts where no witness can decide. */
  const scenes: Record<string, { owner?: string; observer?: string; byBootId: Outcome }> = {
    'in the owner': { owner: FAKE, byBootId: OTHER_BOOT },
    'in the observer': { observer: FAKE, byBootId: OTHER_BOOT },
    'in both, and different': { owner: FAKE, observer: OTHER_FAKE, byBootId: OTHER_BOOT },
    // The lock is on a filesystem of one kernel, so it is one boot after all.
    'in both, and equal': { owner: FAKE, observer: FAKE, byBootId: BY_PROCESS },
  };
  for (const [where, { owner: ofOwner, observer: ofObserver, byBootId }] of Object.entries(scenes)) {
    trapForEachCast(`boot_id bind-mounted ${where}: a live owner is never dead`, async (cast) => {
      const path = lockPath();
      const box = await openBox();
      const owner = await startAgent({
        box,
        backend: cast.owner,
        ...(ofOwner === undefined ? {} : { through: withBootId(bootIdFile(ofOwner)) }),
      });
      const watcher = await startAgent({
        box,
        backend: cast.observer,
        ...(ofObserver === undefined ? {} : { through: withBootId(bootIdFile(ofObserver)) }),
      });
      const self = await owner.self();
      expect(self).toMatchObject(
        ofOwner === undefined ? { bootIdNative: true } : { bootId: FAKE, bootIdNative: false },
      );
      await owner.acquire(path);
      const outcome = cast.owner === 'native' ? BY_WITNESS : byBootId;
      await expectOutcome(cast, owner, watcher, path, outcome, byBootId);
    });
  }

  trapForEachCast(
    'boot_id bind-mounted, the same in two boxes: a live sibling is never dead',
    async (cast) => {
      const path = lockPath();
      const first = await startAgent({ box: await openBox({ bootId: FAKE }), backend: cast.owner, pid: 7 });
      const second = await startAgent({
        box: await openBox({ bootId: FAKE }),
        backend: cast.observer,
        pid: 7,
      });
      await first.acquire(path);
      await expectVerdict(cast, second, path, 'alive: witness-held', 'unknown: other-namespace');
      await expectNotStolen(second, path);
    },
  );

  // Two machines with one disk image show equal fake boot ids, and equal namespace numbers are then chance.
  test('boot_id bind-mounted: equal fake ids prove nothing on a filesystem of several kernels', () => {
    const fake = { bootIdNative: false };
    for (const filesystem of ['nfs', 'fuse', null]) {
      for (const observedProcess of [absent, running({ pidfdInode: '1' })]) {
        const seen = observation({ self: observer(fake), filesystem, observedProcess });
        expect(verdictOn(record(fake, { filesystem }), seen)).toBe('unknown: not-enough-recorded');
      }
    }
    expect(verdictOn(record(fake), observation({ self: observer(fake), observedProcess: absent }))).toBe(
      'dead: no-such-process',
    );
  });
});

/** Judges the owner's lock, ends the owner, and judges again. */
async function expectOutcome(
  cast: Cast,
  owner: Agent,
  watcher: Agent,
  path: string,
  outcome: Outcome | typeof NO_BACKEND,
  otherwise: Outcome,
): Promise<void> {
  if (outcome === NO_BACKEND) {
    await expect(watcher.inspect(path)).rejects.toMatchObject({ code: NO_BACKEND });
    await expect(watcher.acquire(path, { timeout: 0 })).rejects.toMatchObject({ code: NO_BACKEND });
    await expect(watcher.reclaim(path)).rejects.toMatchObject({ code: NO_BACKEND });
    expect(await owner.verify(path)).toBe(true);
    return;
  }
  const expectStage = async (stage: 0 | 1) => {
    if (outcome === BY_WITNESS) await expectVerdict(cast, watcher, path, outcome[stage], otherwise[stage]);
    else expect(await verdictOf(watcher, path)).toBe(outcome[stage]);
  };
  await expectStage(0);
  await expectNotStolen(watcher, path);
  expect(await owner.verify(path)).toBe(true);
  await owner.kill();
  await expectStage(1);
}

/**
 * Starts an agent in a namespace below the box, with the box's /proc and one number in both
 * (equal-numbers.sh).
 */
async function startWithEqualNumbers(
  backend: TestedName,
  own: number,
  victim: number,
): Promise<{ box: Box; agent: Agent }> {
  const box = await openBox();
  const command = ['sh', fixture('equal-numbers.sh'), String(own), String(victim)];
  const env = { KERNEL_IDENTITY_BACKEND: backend };
  const started = await box.start([...command, process.execPath, fixture('lock-agent.mjs')], { env });
  const { pid } = await started.message<{ pid: number }>();
  return { box, agent: new Agent(started, pid, started.hostPid) };
}

/** Returns the numbers of a process of this machine in each of its PID namespaces, the innermost last. */
function numbersOf(hostPid: number): number[] {
  const line = /^NSpid:(.*)$/m.exec(readFileSync(`/proc/${hostPid}/status`, 'utf8'))?.[1] ?? '';
  return line.trim().split(/\s+/).map(Number);
}

function pidfdInodeOf(hostPid: number): string | null {
  const { processes, files } = loadBackend('native');
  const pidfd = processes.openPidfd(hostPid);
  if (typeof pidfd === 'string') throw new Error(pidfd);
  const inode = processes.pidfdInode(pidfd);
  files.close(pidfd);
  return inode;
}
