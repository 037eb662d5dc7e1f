import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { inspectLockSync, reclaimLockSync } from '../../src/index.js';
import { NOBODY } from '../helpers/crafted.js';
import { pidOfDead } from '../helpers/processes.js';
import { tempDir } from '../helpers/temp-dir.js';

/** Makes a directory with such files in it. */
function directory(path: string, files: Record<string, string>): string {
  mkdirSync(path);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

const borgEntry = (pid: number, host = hostname()) => `${host}@228091181702898.${pid}-0`;

describe('a directory with a file that names its owner', () => {
  test.each([
    ['pid', (pid: number) => `${pid}\n`],
    ['PID', String],
    ['owner', (pid: number) => `${pid} ${Math.floor(Date.now() / 1000)}\n`],
    ['holder', (pid: number) => `pid ${pid}\n`],
    ['info', (pid: number) => JSON.stringify({ pid })],
  ])(
    'called %s is held while the owner lives, and removed with that file when it is gone',
    async (name, text) => {
      const root = tempDir();
      const alive = directory(join(root, 'alive.lock'), { [name]: text(process.pid) });
      expect(inspectLockSync(alive)).toMatchObject({ format: 'owner-directory', state: 'held' });
      expect(reclaimLockSync(alive)).toMatchObject({ reclaimed: false });
      expect(readdirSync(alive)).toEqual([name]);

      const dead = directory(join(root, 'dead.lock.d'), { [name]: text(await pidOfDead()) });
      expect(inspectLockSync(dead)).toMatchObject({ format: 'owner-directory', state: 'stale' });
      expect(reclaimLockSync(dead)).toMatchObject({ reclaimed: true, state: 'free' });
      expect(existsSync(dead)).toBe(false);
    },
  );

  test('is no such lock when it is not named like one, or holds anything else', async () => {
    const root = tempDir();
    const pid = `${await pidOfDead()}\n`;
    const others = [
      directory(join(root, 'project'), { pid }),
      directory(join(root, 'two.lock'), { pid, data: '' }),
      directory(join(root, 'text.lock'), { owner: 'Bob' }),
      directory(join(root, 'two-numbers.lock'), { owner: `${NOBODY} ${process.pid}\n` }),
      directory(join(root, 'other.lock'), { 'pid.txt': pid }),
    ];
    mkdirSync(join(root, 'deep.lock', 'pid'), { recursive: true });
    symlinkSync(join(root, 'project', 'pid'), join(directory(join(root, 'link.lock'), {}), 'pid'));
    for (const path of [...others, join(root, 'deep.lock'), join(root, 'link.lock')]) {
      expect(inspectLockSync(path)).toMatchObject({ format: 'none', state: 'unknown' });
      expect(() => reclaimLockSync(path), path).toThrow();
      expect(existsSync(path)).toBe(true);
    }
  });

  test('is the lock, and its file alone is none', async () => {
    const root = tempDir();
    const lock = directory(join(root, 'sync.lock.d'), { pid: `${await pidOfDead()}\n` });
    symlinkSync(lock, join(root, 'current'));
    for (const path of [join(lock, 'pid'), join(root, 'current', 'pid')]) {
      expect(inspectLockSync(path)).toMatchObject({ format: 'none', state: 'unknown' });
      expect(() => reclaimLockSync(path)).toThrow(/the directory is the lock/);
      expect(readdirSync(lock)).toEqual(['pid']);
    }
  });

  test('that was made anew after it was judged is left to its owner', async () => {
    const path = directory(join(tempDir(), 'a.lock'), { pid: `${await pidOfDead()}\n` });
    let left = 1;
    const meanwhile = {
      get legacy() {
        const isChecked = new Error('stack').stack?.includes('checkJudgeOptions') === true;
        if (!isChecked && left-- > 0) writeFileSync(join(path, 'pid'), `${process.pid}\n`);
        return 'assume' as const;
      },
    };
    expect(reclaimLockSync(path, meanwhile)).toMatchObject({ state: 'held', reclaimed: false });
    expect(readdirSync(path)).toEqual(['pid']);
  });
});

describe('a lock of Borg', () => {
  test('as Borg made it, on another host, is unknown', () => {
    const real = fileURLToPath(new URL('../fixtures/locks/real/lock.exclusive', import.meta.url));
    const path = join(tempDir(), 'lock.exclusive');
    cpSync(real, path, { recursive: true });
    const inspection = inspectLockSync(path);
    expect(inspection).toMatchObject({ format: 'borg-lock', state: 'unknown' });
    expect(inspection.verdict?.reason).toBe('legacy-other-host');
  });

  test('is held while one of its owners lives, and removed when all are gone', async () => {
    const dead = await pidOfDead();
    const path = directory(join(tempDir(), 'lock.exclusive'), { [borgEntry(dead)]: '' });
    expect(inspectLockSync(path)).toMatchObject({ state: 'stale', owner: { pid: dead } });
    writeFileSync(join(path, borgEntry(process.pid)), '');
    const two = inspectLockSync(path);
    expect([two.owner?.pid, ...(two.owner?.claims?.otherPids ?? []).map(({ pid }) => pid)].sort()).toEqual(
      [dead, process.pid].sort(),
    );
  });

  test('with other files in it is none', () => {
    const path = directory(join(tempDir(), 'lock.exclusive'), { [borgEntry(NOBODY)]: '', data: 'x' });
    expect(inspectLockSync(path)).toMatchObject({ format: 'none', state: 'unknown' });
  });
});

test('what was inspected leaves no descriptor open', async () => {
  const root = tempDir();
  const paths = [
    directory(join(root, 'a.lock'), { pid: `${await pidOfDead()}\n` }),
    directory(join(root, 'b.lock'), { owner: 'Bob' }),
    directory(join(root, 'lock.exclusive'), { [borgEntry(process.pid)]: '', [borgEntry(NOBODY)]: '' }),
  ];
  const look = () => paths.forEach((path) => void inspectLockSync(path));
  look();
  const before = readdirSync('/proc/self/fd').length;
  for (let round = 0; round < 20; round++) look();
  expect(readdirSync('/proc/self/fd').length).toBe(before);
});
