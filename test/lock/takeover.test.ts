import { spawn } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { sleepSync } from '../../src/backend/sleep.js';
import { hasBackend, TESTED } from '../helpers/backends.js';
import { onCleanup } from '../helpers/cleanup.js';
import { NOBODY, writeLock } from '../helpers/crafted.js';
import { hookFiles } from '../helpers/hooks.js';
import { describeForEachBackend } from '../helpers/package.js';
import { startProcess } from '../helpers/processes.js';
import { hasProgram, isBuilt, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

// What happens between the check that a dead owner's file is still there and its deletion, and when the process is
// killed in between.

const NONCE = '0123456789abcdef0123456789abcdef';
const GUARD = '.a.lock.takeover';
const LIVING = `${process.pid}\n`;

function deadFile(): string {
  const path = join(tempDir(), 'a.lock');
  writeFileSync(path, `${NOBODY}\n`);
  return path;
}

describeForEachBackend('a takeover', (api) => {
  /** Runs `act` after the last check, and before the rename that takes the file away. */
  function beforeRename(path: string, act: () => void): void {
    let isDone = false;
    isMoved = false;
    hookFiles(api.backend, {
      before(operation, [, from]) {
        if (operation !== 'renameAt' || from !== 'a.lock' || isDone) return;
        isDone = true;
        act();
      },
      after(operation, [, from]) {
        if (operation === 'renameAt' && from === 'a.lock') isMoved = !existsSync(path);
      },
    });
  }
  let isMoved = false;

  const replacements: Record<string, (path: string) => void> = {
    'a new file': (path) => {
      unlinkSync(path);
      writeFileSync(path, LIVING, { flag: 'wx' });
    },
    'a renamed file': (path) => {
      writeFileSync(`${path}.new`, LIVING);
      renameSync(`${path}.new`, path);
    },
    'other content': (path) => writeFileSync(path, LIVING),
  };
  for (const [what, replace] of Object.entries(replacements)) {
    test(`gives the name back to ${what} that a live owner put there after the last check`, () => {
      for (const take of [
        api.tryAcquireLockSync,
        (path: string) => api.reclaimLockSync(path).reclaimed || null,
      ]) {
        const path = deadFile();
        beforeRename(path, () => replace(path));
        expect(take(path)).toBeNull();
        expect(readFileSync(path, 'utf8')).toBe(LIVING);
        expect(readdirSync(dirname(path))).toEqual(['a.lock']);
      }
    });
  }

  test('replaces nothing that a third program puts there while the name is free', () => {
    const path = deadFile();
    let renames = 0;
    hookFiles(api.backend, {
      before(operation, [, from]) {
        if (operation !== 'renameAt' || from !== 'a.lock') return;
        unlinkSync(path);
        writeFileSync(path, `${process.ppid}\n`);
      },
      after(operation, [, from]) {
        if (operation === 'renameAt' && from === 'a.lock' && ++renames === 1) writeFileSync(path, LIVING);
      },
    });
    expect(api.tryAcquireLockSync(path)).toBeNull();
    expect(readFileSync(path, 'utf8')).toBe(LIVING);
  });

  test('never moves the directory of a lock away, not even for a moment', () => {
    const path = deadFile();
    let other: ReturnType<typeof api.acquireLockSync> | undefined;
    beforeRename(path, () => {
      unlinkSync(path);
      other = api.acquireLockSync(path, { timeout: 0 });
    });
    expect(api.tryAcquireLockSync(path)).toBeNull();
    expect(isMoved).toBe(false);
    expect(other?.verify()).toBe(true);
    other?.releaseSync();
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  testRequiring(
    [hasProgram('flock')],
    'leaves a file alone that a process has locked since',
    async ({ skip }) => {
      // One read(2) gives a page of the list, so that a scan of a longer one can miss a lock.
      if (readFileSync('/proc/locks', 'latin1').length > 3_500)
        skip('/proc/locks has more than a page of locks');
      const path = deadFile();
      const { ino } = statSync(path);
      beforeRename(path, () => {
        const holder = spawn('flock', ['-F', path, 'sleep', '60'], { stdio: 'ignore' });
        onCleanup(() => void holder.kill('SIGKILL'));
        for (let waited = 0; !readFileSync('/proc/locks', 'utf8').includes(`:${ino} `); waited += 1) {
          expect(waited).toBeLessThan(10_000);
          sleepSync(1);
        }
      });
      expect(api.reclaimLockSync(path).reclaimed).toBe(false);
      expect(readFileSync(path, 'utf8')).toBe(`${NOBODY}\n`);
    },
  );

  test('is left to the process that is at it', () => {
    const path = deadFile();
    const guard = api.acquireLockSync(join(dirname(path), GUARD));
    expect(api.tryAcquireLockSync(path)).toBeNull();
    expect(api.reclaimLockSync(path).reclaimed).toBe(false);
    expect(readFileSync(path, 'utf8')).toBe(`${NOBODY}\n`);
    guard.releaseSync();
    api.tryAcquireLockSync(path)?.releaseSync();
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  test('of a process that was killed at it is in nobody’s way, and nothing of it stays', async () => {
    const owner = await startProcess(['cat']);
    const states: Record<string, (directory: string) => void> = {
      'before it took the file': () => {},
      'when it had the name only': (directory) => writeFileSync(join(directory, `.a.lock.${NONCE}`), ''),
      'when it had taken the file of a dead owner': (directory) =>
        renameSync(join(directory, 'a.lock'), join(directory, `.a.lock.${NONCE}`)),
      'when it was about to give its name back to a live one': (directory) => {
        unlinkSync(join(directory, 'a.lock'));
        writeFileSync(join(directory, `.a.lock.${NONCE}`), `${owner.pid}\n`);
      },
      'when it had given the name back, but not yet dropped the other': (directory) =>
        linkSync(join(directory, 'a.lock'), join(directory, `.a.lock.${NONCE}`)),
    };
    const paths = Object.entries(states).map(([when, leave]) => {
      const path = deadFile();
      leave(dirname(path));
      writeLock(join(dirname(path), GUARD), { pid: NOBODY, createdAtMs: Date.now() });
      return [when, path] as const;
    });
    for (const [when, path] of paths) {
      const lock = api.tryAcquireLockSync(path);
      if (when.includes('live')) expect(readFileSync(path, 'utf8'), when).toBe(`${owner.pid}\n`);
      else expect(lock?.verify(), when).toBe(true);
      const left = readdirSync(dirname(path)).filter((name) => name !== `.a.lock.${NONCE}`);
      expect(left, when).toEqual(['a.lock']);
    }
    await owner.kill();
  });

  test('works where the name of the lock is as long as it may be', () => {
    const path = join(tempDir(), `${'l'.repeat(216)}.lock`);
    writeFileSync(path, `${NOBODY}\n`);
    using lock = api.acquireLockSync(path, { timeout: 0 });
    expect(lock.verify()).toBe(true);
    expect(readdirSync(dirname(path))).toHaveLength(1);
    const longer = join(tempDir(), `${'l'.repeat(250)}.pid`);
    writeFileSync(longer, `${NOBODY}\n`);
    expect(api.reclaimLockSync(longer).reclaimed).toBe(true);
    expect(readdirSync(dirname(longer))).toEqual([]);
  });

  test('leaves a foreign directory of its private names alone', () => {
    const path = deadFile();
    mkdirSync(join(dirname(path), `.a.lock.${NONCE}`));
    writeFileSync(join(dirname(path), `.a.lock.${NONCE}`, 'data'), 'precious');
    api.tryAcquireLockSync(path)?.releaseSync();
    expect(readFileSync(join(dirname(path), `.a.lock.${NONCE}`, 'data'), 'utf8')).toBe('precious');
  });
});

interface Seen {
  readonly role: string;
  readonly inside: number;
  readonly overlaps: number;
  readonly failures: readonly string[];
}

const RACE = fileURLToPath(new URL('fixtures/file-race.mjs', import.meta.url));

for (const backend of TESTED) {
  testRequiring(
    [isBuilt(), hasBackend(backend)],
    `two takers and two strangers that make files with O_EXCL: never two inside (${backend})`,
    async () => {
      const path = join(tempDir(), 'a.lock');
      const processes = await Promise.all(
        ['ours', 'ours', 'stranger', 'stranger'].map((role, index) =>
          startProcess(['node', RACE, role, path, '1500', String(index)], {
            env: { KERNEL_IDENTITY_BACKEND: backend },
          }),
        ),
      );
      const seen = await Promise.all(processes.map((process) => process.message<Seen>()));
      for (const { role, overlaps, failures } of seen) {
        expect({ role, overlaps, failures }).toEqual({ role, overlaps: 0, failures: [] });
      }
      expect(seen.filter(({ role, inside }) => role === 'ours' && inside > 0)).not.toEqual([]);
    },
  );
}
