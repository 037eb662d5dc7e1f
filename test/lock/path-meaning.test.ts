import {
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmdirSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startAgent } from '../helpers/agent.js';
import { describeForEveryBackend } from '../helpers/package.js';
import { isBuilt, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

// The path of a lock means what node:fs, and every other program on the system, takes it for.

describeForEveryBackend('a lock path with ".." in it', (api, backend) => {
  /** Makes releases/one, current -> releases/one, and a plain directory beside them. */
  function tree(): string {
    const top = realpathSync(tempDir());
    mkdirSync(join(top, 'releases/one'), { recursive: true });
    mkdirSync(join(top, 'plain/below'), { recursive: true });
    symlinkSync('releases/one', join(top, 'current'));
    return top;
  }

  test('leads to where node:fs is led, also behind a symbolic link', async () => {
    for (const [given, meant] of [
      ['current/../app.lock', 'releases/app.lock'],
      ['current/./../app.lock', 'releases/app.lock'],
      ['current//../one/app.lock', 'releases/one/app.lock'],
      ['current/../../app.lock', 'app.lock'],
      ['plain/below/../app.lock', 'plain/app.lock'],
      ['plain/./app.lock', 'plain/app.lock'],
    ] as const) {
      const top = tree();
      // The path is not joined, because path.join() removes the dots.
      const lock = api.acquireLockSync(`${top}/${given}`);
      expect(existsSync(`${top}/${given}/owner.json`), given).toBe(true);
      expect(lock.path).toBe(join(top, meant));
      expect(lock.verify()).toBe(true);
      // An older program takes its lock with mkdir(2) by the same text.
      expect(() => mkdirSync(`${top}/${given}`)).toThrow(/EEXIST/);
      expect(api.tryAcquireLockSync(join(top, meant))).toBeNull();
      expect(api.inspectLockSync(`${top}/${given}`)).toMatchObject({ state: 'held', path: join(top, meant) });
      lock.releaseSync();
      expect(existsSync(join(top, meant))).toBe(false);
    }
  });

  test('whose last part is "..", means that directory', () => {
    const top = tree();
    expect(api.inspectLockSync(`${top}/current/..`).path).toBe(join(top, 'releases'));
    expect(() => api.acquireLockSync(`${top}/current/../`, { ownerlessGrace: 0 })).toThrow(
      expect.objectContaining({ code: 'ERR_LOCK_NOT_EMPTY' }),
    );
    expect(readdirSync(join(top, 'releases'))).toEqual(['one']);
  });

  // Plain Node finds a witness in /proc/locks only while that list is short.
  if (backend === 'native') {
    testRequiring([isBuilt()], 'leads a judgement to the witness as well', async () => {
      const top = tree();
      const agent = await startAgent({ backend: 'native' });
      const { value: owner } = await agent.acquire(join(top, 'releases/app.lock'));
      const verdicts = ['releases/app.lock', 'current/../app.lock'].map((given) =>
        api.judgeOwner(owner, { path: `${top}/${given}` }),
      );
      expect(verdicts[1]).toEqual(verdicts[0]);
    });
  }

  test('that leads nowhere is named in the error as it was given', () => {
    const top = tree();
    const path = `${top}/missing/../app.lock`;
    for (const call of [api.acquireLockSync, api.inspectLockSync, api.reclaimLockSync]) {
      expect(() => call(path)).toThrow(expect.objectContaining({ code: 'ENOENT', path }));
    }
    expect(() => api.inspectLockSync(`${top}/missing/..`)).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
  });

  test('that is relative to a directory without a path is named in the error', () => {
    const before = process.cwd();
    onTestFinished(() => process.chdir(before));
    const gone = join(tempDir(), 'gone');
    mkdirSync(gone);
    process.chdir(gone);
    rmdirSync(gone);
    expect(() => api.acquireLockSync('x.lock')).toThrow(
      expect.objectContaining({ code: 'ENOENT', path: 'x.lock', message: expect.stringContaining('uv_cwd') }),
    );
  });

  test('stays with the directory that it led to when it was asked, though the link is switched', () => {
    const top = tree();
    const lock = api.acquireLockSync(`${top}/current/app.lock`);
    mkdirSync(join(top, 'releases/two'));
    symlinkSync('releases/two', join(top, 'next'));
    renameSync(join(top, 'next'), join(top, 'current'));
    expect(lock.path).toBe(join(top, 'current/app.lock'));
    if (api.backend.actsOnOpenDirectory) expect(lock.verify()).toBe(true);
  });
});
