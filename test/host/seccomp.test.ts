import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect } from 'vitest';
import type { Verdict } from '../../src/index.js';
import { startAgent } from '../helpers/agent.js';
import { hasBackend } from '../helpers/backends.js';
import { openBox } from '../helpers/box.js';
import { canIsolate, isBuilt, type Requirement, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { runHost, WORKING_LOCK } from './host.js';

const DENY = fileURLToPath(new URL('fixtures/deny.pl', import.meta.url));
const ENTRY = fileURLToPath(new URL('../../dist/index.js', import.meta.url));

/**
 * Calls that a sandbox may refuse, and the capabilities that are lost with each. The first one listed gives
 * the reason.
 */
const REFUSED: Record<string, readonly string[]> = {
  pidfd_open: ['pidfd', 'pidfdInode'],
  renameat2: ['renameNoReplace'],
  'fcntl-ofd': ['takeWitness', 'testWitness', 'lifeline'],
  'ioctl-ns-id': ['namespaceId'],
  memfd_create: [],
  inotify_init1: ['lossEvents'],
  inotify_add_watch: ['lossEvents'],
  fstatfs: [],
  utimensat: [],
  'pidfd_open,renameat2,fcntl-ofd,ioctl-ns-id,memfd_create,inotify_init1,fstatfs': [
    'pidfd',
    'pidfdInode',
    'renameNoReplace',
    'takeWitness',
    'testWitness',
    'lifeline',
    'lossEvents',
    'namespaceId',
  ],
};

function denying(errno: string, calls: string): string[] {
  return ['perl', DENY, errno, calls];
}

function canFilter(): Requirement {
  const { status, stderr, error } = spawnSync('perl', [DENY, 'EPERM', 'memfd_create', 'true'], {
    encoding: 'utf8',
  });
  return {
    available: status === 0,
    reason: `needs perl and seccomp filters: ${error?.message ?? stderr.trim()}`,
  };
}

describe('a sandbox that answers a lock call with success, and does not make it', () => {
  const needs = [isBuilt(), hasBackend('native'), canFilter(), canIsolate()];
  const through = denying('0', 'fcntl-ofd');

  testRequiring(needs, 'can take neither a witness nor a lifeline, and says so', () => {
    const { capabilities, lock } = runHost(ENTRY, { through });
    expect(capabilities).toMatchObject({ testWitness: { available: false }, lifeline: { available: false } });
    expect(lock).toEqual(WORKING_LOCK);
  });

  for (const [who, inside, outside] of [
    ['an owner inside', through, []],
    ['an owner outside, seen from inside,', [], through],
  ] as const) {
    testRequiring(needs, `does not make ${who} seem dead`, async () => {
      const path = join(tempDir(), 'install.lock');
      const owner = await startAgent({ box: await openBox(), backend: 'native', through: inside });
      const other = await startAgent({ box: await openBox(), backend: 'native', through: outside });
      await owner.acquire(path);
      const row = { owner: await owner.self(), options: { path } };
      expect((await other.call<Verdict>('judge', row)).value.state).not.toBe('dead');
      expect((await other.inspect(path)).state).not.toBe('stale');
      expect(await other.tryAcquire(path)).toBeNull();
      expect(await owner.verify(path)).toBe(true);
    });
  }
});

describe('a sandbox that refuses', () => {
  const needs = [isBuilt(), hasBackend('native'), canFilter()];
  for (const [calls, lost] of Object.entries(REFUSED)) {
    for (const errno of ['EPERM', 'ENOSYS']) {
      const through = denying(errno, calls);

      testRequiring(needs, `${calls} with ${errno} costs what needs it, and nothing else`, () => {
        const { backend, capabilities, lock, judged } = runHost(ENTRY, { through });
        expect(backend.name).toBe('native');
        for (const capability of lost)
          expect(capabilities).toMatchObject({ [capability]: { available: false } });
        const [first] = lost;
        if (first !== undefined) {
          expect(capabilities).toMatchObject({ [first]: { reason: expect.stringContaining(errno) } });
        }
        expect(lock).toEqual(WORKING_LOCK);
        expect(judged).toBe('dead');
      });

      testRequiring(
        needs,
        `${calls} with ${errno} lets locks exclude, change hands and be reclaimed`,
        async () => {
          const path = join(tempDir(), 'install.lock');
          const [owner, other] = await Promise.all([startAgent({ through }), startAgent({ through })]);
          await owner.acquire(path);
          expect(await other.tryAcquire(path)).toBeNull();
          // Where the filesystem is not known, only the end of its lease shows that the owner is dead.
          const waiting = other.acquire(path, { timeout: 5000, lease: 1000 });
          await sleep(50);
          await owner.release(path);
          expect((await waiting).value.pid).toBe(other.pid);
          const next = owner.acquireSync(path, { timeout: 8000 });
          await sleep(50);
          await other.kill();
          expect((await next).value.pid).toBe(owner.pid);
          expect(await owner.verify(path)).toBe(true);
          expect(owner.process.errors).toBe('');
        },
      );
    }
  }
});
