import { readFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import type { ProcessIdentity } from '../../src/identity/process-identity.js';
import { type Agent, startAgent } from '../helpers/agent.js';
import { TESTED } from '../helpers/backends.js';
import { openBox } from '../helpers/box.js';
import { editOwner, readOwner, writeLock, writeLockOf, writeOldLock } from '../helpers/crafted.js';
import { ODD_NAME, startLeaderless, threadIdOf } from '../helpers/odd-processes.js';
import { hasProgram } from '../helpers/requirements.js';
import { until } from '../helpers/until.js';
import { canFreeze, freeze, HIERARCHIES } from './freezer.js';
import {
  type Cast,
  expectNotStolen,
  expectReclaimed,
  expectVerdict,
  inWords,
  lockPath,
  trap,
  trapForEachCast,
  verdictOf,
} from './scene.js';

/** Leaves only pid and ticks to judge by, as when neither side has pidfds. */
function byTicksOnly(identity: ProcessIdentity): ProcessIdentity {
  return { ...identity, pidfdInode: null };
}

trapForEachCast('zombie owner not reaped: dead', async (cast) => {
  const path = lockPath();
  const box = await openBox();
  // exec replaces the shell, which would reap, by a program that never does.
  const through = ['sh', '-c', 'exec 4<&0; "$@" <&4 & exec sleep 600', 'sh'];
  const owner = await startAgent({ box, backend: cast.owner, through });
  const watcher = await startAgent({ box, backend: cast.observer });
  const identity = await owner.self();
  await owner.acquire(path);
  expect(inWords(await watcher.judge(identity))).toBe('alive: process-running');

  await owner.kill();
  expect(stateOf(owner.hostPid)).toBe('Z');
  expect(inWords(await watcher.judge(identity))).toBe('dead: process-exited');
  await expectVerdict(cast, watcher, path, 'dead: witness-free', 'dead: process-exited');
  await expectReclaimed(watcher, path);
  expect(stateOf(owner.hostPid)).toBe('Z');
});

for (const backend of TESTED) {
  trap(`zombie owner not reaped: dead also by an older program's record (${backend} observer)`, async () => {
    const path = lockPath();
    const box = await openBox();
    const through = ['sh', '-c', 'exec 4<&0; "$@" <&4 & exec sleep 600', 'sh'];
    const owner = await startAgent({ box, through });
    const watcher = await startAgent({ box, backend });
    writeLock(path, { pid: owner.pid, createdAtMs: Date.now() });
    expect(await verdictOf(watcher, path)).toBe('alive: legacy-born-before-record');
    await owner.kill();
    expect(await verdictOf(watcher, path)).toBe('dead: legacy-process-exited');
    await expectReclaimed(watcher, path);
  });
}

trapForEachCast(
  'leader exited with a live thread: alive',
  async ({ owner: backend, observer }) => {
    const path = lockPath();
    const box = await openBox();
    const owner = await startLeaderless(box);
    expect(stateOf(owner.hostPid)).toBe('Z');
    const scribe = await startAgent({ box, backend });
    const watcher = await startAgent({ box, backend: observer });
    const identity = (await scribe.probe(owner.pid)) as ProcessIdentity;
    writeLockOf(path, identity);
    expect(await verdictOf(watcher, path)).toBe('alive: process-running');
    expect(inWords(await watcher.judge(byTicksOnly(identity)))).toBe('alive: process-running');
    await expectNotStolen(watcher, path);
    await owner.keeper.kill();
    expect(await verdictOf(watcher, path)).toBe('dead: no-such-process');
    await expectReclaimed(watcher, path);
  },
  [hasProgram('python3')],
);

describe('a thread id in the record', () => {
  trapForEachCast('a thread id in the record: dead, pid-is-thread', async ({ owner: backend, observer }) => {
    const path = lockPath();
    const box = await openBox();
    const owner = await startAgent({ box, backend });
    const bystander = await startAgent({ box });
    const watcher = await startAgent({ box, backend: observer });
    await owner.acquire(path);
    await owner.kill();
    const pid = threadInBox(bystander);
    editOwner(path, (record) => ({ ...record, pid, witness: null, identity: { ...record.identity, pid } }));
    expect(await verdictOf(watcher, path)).toBe('dead: pid-is-thread');
    await expectReclaimed(watcher, path);
    // The process that has this thread is not affected.
    expect((await bystander.self()).pid).toBe(bystander.pid);
  });

  for (const backend of TESTED) {
    trap(
      `a thread id in the record of an older program: dead if the thread is younger (${backend} observer)`,
      async () => {
        const path = lockPath();
        const box = await openBox();
        const bystander = await startAgent({ box });
        const watcher = await startAgent({ box, backend });
        const pid = threadInBox(bystander);
        writeLock(path, { pid, createdAtMs: Date.now() });
        expect(await verdictOf(watcher, path)).toBe('unknown: legacy-thread-may-be-owner');
        const anHourAgo = Date.now() - 3_600_000;
        writeOldLock(path, { pid, createdAtMs: anHourAgo }, anHourAgo);
        expect(await verdictOf(watcher, path)).toBe('dead: legacy-pid-is-thread');
        await expectReclaimed(watcher, path);
      },
    );
  }
});

trapForEachCast(
  `comm containing ") Z 1 \\n(": alive, judged by ticks`,
  async ({ owner: backend, observer }) => {
    const path = lockPath();
    const box = await openBox();
    const owner = await startAgent({ box, backend });
    const watcher = await startAgent({ box, backend: observer });
    // The name is set before the owner records itself, so that it affects both sides.
    await owner.rename(ODD_NAME);
    expect(readFileSync(`/proc/${owner.hostPid}/stat`, 'latin1')).toContain(`(${ODD_NAME})`);
    await owner.acquire(path);
    const { identity, starttime } = readOwner(path);
    expect(await verdictOf(watcher, path)).toMatch(/^alive: (witness-held|process-running)$/);
    expect(inWords(await watcher.judge(byTicksOnly(identity)))).toBe('alive: process-running');
    expect((await watcher.probe(owner.pid))?.startTicks).toBe(identity.startTicks);
    await expectNotStolen(watcher, path);

    const older = lockPath();
    writeLock(older, { pid: owner.pid, starttime, createdAtMs: Date.now() });
    expect(await verdictOf(watcher, older)).toBe('alive: legacy-start-matches');
  },
);

describe('a stopped owner', () => {
  trapForEachCast('SIGSTOP: the owner stays alive', async (cast) => {
    await expectAliveWhile(cast, async (owner) => {
      process.kill(owner.hostPid, 'SIGSTOP');
      await until('the owner is stopped', () => stateOf(owner.hostPid) === 'T');
    });
  });

  for (const hierarchy of HIERARCHIES) {
    trapForEachCast(
      `frozen by ${hierarchy.type}: the owner stays alive`,
      (cast) => expectAliveWhile(cast, (owner) => freeze(hierarchy, owner.hostPid)),
      [canFreeze(hierarchy)],
    );
  }
});

/** Judges an owner that was stopped, from its own box and from another one. */
async function expectAliveWhile(cast: Cast, stop: (owner: Agent) => Promise<void>): Promise<void> {
  const path = lockPath();
  const box = await openBox();
  // A process whose number was chosen is no child of nsenter, which stops itself together with its child.
  const owner = await startAgent({ box, backend: cast.owner, pid: 7 });
  const near = await startAgent({ box, backend: cast.observer });
  const far = await startAgent({ box: await openBox(), backend: cast.observer });
  const identity = await owner.self();
  await owner.acquire(path);
  await stop(owner);
  await expectVerdict(cast, near, path, 'alive: witness-held', 'alive: process-running');
  expect(inWords(await near.judge(identity))).toBe('alive: process-running');
  await expectVerdict(cast, far, path, 'alive: witness-held', 'unknown: other-namespace');
  await expectNotStolen(near, path);
  await expectNotStolen(far, path);
}

/** Returns a number that is only one of the agent's threads in the agent's own box. */
function threadInBox({ hostPid }: Agent): number {
  const status = readFileSync(`/proc/${hostPid}/task/${threadIdOf(hostPid)}/status`, 'utf8');
  return Number(/^NSpid:.*\s(\d+)$/m.exec(status)?.[1]);
}

/** Reads the state letter of proc_pid_stat(5). */
function stateOf(hostPid: number): string | undefined {
  const text = readFileSync(`/proc/${hostPid}/stat`, 'latin1');
  return text.slice(text.lastIndexOf(')') + 2)[0];
}
