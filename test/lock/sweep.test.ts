import {
  Dir,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { startAgent } from '../helpers/agent.js';
import { EVERY } from '../helpers/backends.js';
import { writeLock, writeLockOf } from '../helpers/crafted.js';
import { descriptorsOn } from '../helpers/descriptors.js';
import { describeForEveryBackend } from '../helpers/package.js';
import { startProcess } from '../helpers/processes.js';
import { isBuilt, testRequiring } from '../helpers/requirements.js';
import { snapshot } from '../helpers/snapshot.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';

const NONCE = '0123456789abcdef0123456789abcdef';
const ORPHAN = `.install.lock.${NONCE}`;

/** Sets a time that is longer ago than any grace. */
function makeOld(path: string): void {
  const time = Date.now() / 1000 - 3600;
  for (const name of [...readdirSync(path), '.']) utimesSync(join(path, name), time, time);
}

describeForEveryBackend('the sweep of private directories', (api, backend) => {
  /** Acquires and releases the lock once. The first time in a directory sweeps that directory. */
  function visit(directory: string): void {
    api.acquireLockSync(join(directory, 'install.lock'), { timeout: 0 }).releaseSync();
  }

  test('removes one whose owner was killed before it could publish, if that can be told', async () => {
    const directory = tempDir();
    const child = await startProcess(['cat']);
    const identity = api.probeIdentity(child.pid);
    if (identity === null) throw new Error('no such child');
    writeLockOf(join(directory, ORPHAN), identity);
    await child.kill();
    visit(directory);
    expect(readdirSync(directory)).toEqual(backend === 'portable' ? [ORPHAN] : []);
  });

  testRequiring([isBuilt()], 'leaves one alone whose owner lives', async () => {
    for (const ownersBackend of EVERY) {
      const directory = tempDir();
      const owner = await startAgent({ backend: ownersBackend });
      await owner.acquire(join(directory, 'install.lock'));
      renameSync(join(directory, 'install.lock'), join(directory, ORPHAN));
      makeOld(join(directory, ORPHAN));
      const before = snapshot(directory);
      visit(directory);
      expect(snapshot(directory)).toEqual(before);
    }
  });

  for (const [what, files] of [
    ['an empty one', []],
    ['one with a half-made owner.json.new', ['owner.json.new']],
    ['one with a torn owner.json', ['owner.json']],
  ] as const) {
    test(`removes ${what} past the grace, and not before`, () => {
      for (const [old, left] of [
        [true, []],
        [false, [ORPHAN]],
      ] as const) {
        const directory = tempDir();
        mkdirSync(join(directory, ORPHAN));
        for (const file of files) writeFileSync(join(directory, ORPHAN, file), '');
        if (old) makeOld(join(directory, ORPHAN));
        visit(directory);
        expect(readdirSync(directory)).toEqual(left);
      }
    });
  }

  test('happens also while the lock is held', () => {
    const directory = tempDir();
    // Process 1 holds it, as far as any observer can see.
    writeLock(join(directory, 'install.lock'), { pid: 1, createdAtMs: Date.now() });
    mkdirSync(join(directory, ORPHAN));
    makeOld(join(directory, ORPHAN));
    expect(api.tryAcquireLockSync(join(directory, 'install.lock'))).toBeNull();
    expect(readdirSync(directory)).toEqual(['install.lock']);
  });

  test('leaves everything else alone, whatever its name', () => {
    const directory = tempDir();
    const target = tempDir();
    writeFileSync(join(target, 'precious'), 'x');
    for (const name of [
      `install.lock.${NONCE}`,
      `.install.lock.${NONCE.slice(1)}`,
      `.install.lock.${NONCE.toUpperCase()}`,
      `.install.lock.${NONCE}0`,
      `.install.lock.${NONCE}.bak`,
      `.install.${NONCE}`,
      // This one is of another lock, which this process never used.
      `.other.lock.${NONCE}`,
      `.install.lock.old.${NONCE}`,
      '.install.lock.',
    ]) {
      mkdirSync(join(directory, name));
      makeOld(join(directory, name));
    }
    // These have the name of a private directory, but are something else.
    writeFileSync(join(directory, `.install.lock.${'1'.repeat(32)}`), 'a file');
    symlinkSync(target, join(directory, `.install.lock.${'2'.repeat(32)}`));
    symlinkSync('nowhere', join(directory, `.install.lock.${'3'.repeat(32)}`));
    const withData = join(directory, `.install.lock.${'4'.repeat(32)}`);
    mkdirSync(withData);
    writeFileSync(join(withData, 'precious'), 'x');
    makeOld(withData);
    const before = [snapshot(directory), snapshot(target)];
    visit(directory);
    expect([snapshot(directory), snapshot(target)]).toEqual(before);
  });

  test('reads a part of a large directory at a time, and comes to its end with the acquisitions that follow', async () => {
    const directory = tempDir();
    for (let i = 0; i < 5_000; i += 1) writeFileSync(join(directory, `file-${i}`), '');
    mkdirSync(join(directory, ORPHAN));
    makeOld(join(directory, ORPHAN));
    let reads = 0;
    const readSync = vi.spyOn(Dir.prototype, 'readSync');
    for (let visits = 0; existsSync(join(directory, ORPHAN)) && visits < 10; visits += 1) {
      readSync.mockClear();
      visit(directory);
      reads = Math.max(reads, readSync.mock.calls.length);
    }
    expect(existsSync(join(directory, ORPHAN))).toBe(false);
    expect(reads).toBeGreaterThan(0);
    expect(reads).toBeLessThan(2_500);
    await until('neither the stream nor anything else stays open at the end', () => {
      visit(directory);
      return descriptorsOn(directory).length === 0;
    });
    readSync.mockRestore();
  });

  test('of a private directory asks for no name: it is ours by its own', () => {
    const directory = tempDir();
    const orphan = join(directory, `.mutex.${NONCE}`);
    mkdirSync(orphan);
    makeOld(orphan);
    api.acquireLockSync(join(directory, 'mutex'), { timeout: 0 }).releaseSync();
    expect(readdirSync(directory)).toEqual([]);
  });

  test('never makes an acquisition fail', () => {
    const directory = tempDir();
    const odd = join(directory, ORPHAN);
    mkdirSync(odd);
    writeFileSync(join(odd, 'owner.json'), 'no lock at all');
    visit(directory);
    expect(readdirSync(directory)).toEqual([basename(odd)]);
  });
});
