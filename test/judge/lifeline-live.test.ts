import { once } from 'node:events';
import { closeSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadNativeBackend } from '../../src/backend/native.js';
import { sleepSync } from '../../src/backend/sleep.js';
import type { ProcessIdentity } from '../../src/index.js';
import { startAgent } from '../helpers/agent.js';
import { hasBackend } from '../helpers/backends.js';
import { openBox } from '../helpers/box.js';
import { withDescriptors } from '../helpers/descriptors.js';
import { describeForBackends, type Package } from '../helpers/package.js';
import { pretendFilesystem } from '../helpers/pretend-filesystem.js';
import { fixture, startProcess } from '../helpers/processes.js';
import { isBuilt, isolationTest, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

/** Starts a process in a container of its own that shares nothing, and returns the identity that it gives out. */
async function ownerElsewhere() {
  const box = await openBox({ hostname: 'owner', env: { KERNEL_IDENTITY_BACKEND: 'native' } });
  const owner = await box.node('print-identity.mjs');
  return { box, owner, identity: await owner.message<ReturnType<Package['selfIdentity']>>() };
}

const NEEDS = [isBuilt(), hasBackend('native')];

describeForBackends(['native'], 'an owner that is known by its identity alone', (api) => {
  isolationTest(
    'is judged from another container by its lifeline, though nothing but the kernel is shared',
    async () => {
      const { box, owner, identity } = await ownerElsewhere();
      expect(identity.lifeline).toMatch(/^time:\d+$/);
      // The judge runs in a container of its own as well: from the machine itself it would see the process.
      const sibling = await openBox({ hostname: 'observer', env: { KERNEL_IDENTITY_BACKEND: 'native' } });
      const file = join(tempDir(), 'row.json');
      writeFileSync(file, JSON.stringify(identity));
      const judge = await sibling.node('judge-identity.mjs', [file]);
      const ask = async (options: object) => {
        judge.send(options);
        const { state, reason, certainty } = await judge.message<ReturnType<Package['judgeOwner']>>();
        return `${state}: ${reason}, ${certainty}`;
      };
      expect(await ask({})).toBe('alive: lifeline-held, proven');
      await box.kill();
      await owner.exited;
      expect(await ask({})).toBe('unknown: place-unknown, proven');
      expect(await ask({ path: file })).toBe('dead: lifeline-free, assumed');
      expect(await ask({ trustBootId: true })).toBe('dead: lifeline-free, assumed');
      expect(await ask({ path: '/proc/nothing' })).toBe('unknown: place-unknown, proven');
    },
    NEEDS,
  );

  test('takes its lifeline when it asks for its identity, and an observer takes none', () => {
    const { lifeline } = loadNativeBackend();
    const own = api.selfIdentity();
    expect(lifeline.test(own.lifeline ?? '')).toBe('held');
    expect(api.probeIdentity(process.pid)?.lifeline).toBeNull();
    expect(api.dumpDiagnostics().identity?.lifeline).toBeNull();
  });

  test('writes its lifeline into the locks that it takes', () => {
    const lock = api.acquireLockSync(join(tempDir(), 'x.lock'));
    expect(lock.owner.identity?.lifeline).toBe(api.selfIdentity().lifeline);
    lock.releaseSync();
  });

  testRequiring(
    NEEDS,
    'has no identity without a lifeline for want of a descriptor, and takes it at the next call',
    async () => {
      const script = fixture('scarce-lifeline.mjs');
      const scarce = await startProcess([...withDescriptors(64), process.execPath, script]);
      expect(await scarce.message()).toEqual(['EMFILE', expect.stringMatching(/^time:/)]);
    },
  );

  test('takes its lifeline again after other code closed the descriptor, and warns', async () => {
    const { lifeline = null } = api.selfIdentity();
    const lock = api.acquireLockSync(join(tempDir(), 'x.lock'));
    const [fd] = readdirSync('/proc/self/fd').filter((name) => targetOf(name) === 'time:[4026531834]');
    const warned = once(process, 'warning');
    closeSync(Number(fd));
    expect(lock.verify()).toBe(true);
    expect(api.selfIdentity().lifeline).toBe(lifeline);
    expect((await warned)[0]).toMatchObject({ code: 'KERNEL_IDENTITY_LIFELINE_LOST' });
    lock.releaseSync();
  });
});

describeForBackends(['native'], 'an owner that keeps a lease', (api) => {
  testRequiring(
    NEEDS,
    'takes its lifelines again at the next beat after other code closed the descriptor',
    async () => {
      pretendFilesystem(api.backend, 'nfs');
      using lock = api.acquireLockSync(join(tempDir(), 'x.lock'), { lease: 1_000 });
      const observer = await startAgent({ backend: 'native' });
      // The observer is to find nothing but the lifeline.
      const identity = {
        ...lock.owner.identity,
        lifeline: lock.owner.lifeline,
        pidNamespace: { inode: '1', id: null },
      };
      const isHeld = async () =>
        (await observer.judge(identity as ProcessIdentity)).reason === 'lifeline-held';
      expect(await isHeld()).toBe(true);
      const lifelines = () =>
        readdirSync('/proc/self/fd').filter((name) => targetOf(name) === 'time:[4026531834]');
      const [fd] = lifelines();
      closeSync(Number(fd));
      expect(lifelines()).toEqual([]);
      // A thread beats, so that a blocked event loop does not matter.
      for (const end = Date.now() + 10_000; lifelines().length === 0 && Date.now() < end; ) sleepSync(20);
      expect(lifelines()).toHaveLength(1);
      expect(await isHeld()).toBe(true);
    },
  );
});

/** null for the descriptor of the listing itself, which is closed by now. */
function targetOf(fd: string): string | null {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return null;
  }
}

describeForBackends(['procfs'], 'plain Node', (api) => {
  isolationTest(
    'sees that an owner in another container lives, where /proc/locks shows its lifeline',
    async () => {
      const { box, owner, identity } = await ownerElsewhere();
      const foreign = { ...identity, pidNamespace: { inode: '1', id: null } };
      const before = api.judgeOwner(foreign, { trustBootId: true });
      // A list that is longer than a page may leave it out: then nothing is known.
      expect(['lifeline-held', 'other-namespace']).toContain(before.reason);
      await box.kill();
      await owner.exited;
      // That it is not listed proves nothing. Only an observer in the initial PID namespace knows better.
      const { reason } = api.judgeOwner(foreign, { trustBootId: true });
      expect(['other-namespace', 'not-in-any-namespace']).toContain(reason);
    },
    NEEDS,
  );
});
