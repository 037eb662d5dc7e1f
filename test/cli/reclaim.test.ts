import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { hasBackend, TESTED } from '../helpers/backends.js';
import { onCleanup } from '../helpers/cleanup.js';
import { BUILT, cli, PROGRAM } from '../helpers/cli.js';
import { holdLock, NOBODY, writeStaleLock, writeUnknownLock } from '../helpers/locks.js';
import { describeConcurrent, test } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

/** ms; the shortest lease that is believed. */
const LEASE = 1000;
/** ms by which a busy machine may be late. */
const LATE = 9000;

for (const backend of TESTED) {
  const env = { KERNEL_IDENTITY_BACKEND: backend };

  describeConcurrent([...BUILT, hasBackend(backend)], `reclaim with the ${backend} backend`, () => {
    test('removes the lock of a dead owner', async () => {
      const directory = tempDir();
      const { code, stdout, stderr } = await cli(['reclaim', writeStaleLock(directory)], { env });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(
        /stale\.lock: reclaimed \(owner dead, assumed, from its pid and time alone: legacy-no-such-process\)\n$/,
      );
      expect(readdirSync(directory)).toEqual([]);
    });

    test('leaves the lock of a live owner alone', async () => {
      const path = join(tempDir(), 'held.lock');
      await holdLock(path);
      const { code, stdout } = await cli(['reclaim', path], { env });
      expect(code).toBe(1);
      expect(stdout).toMatch(/^left alone: .*held\.lock: held$/m);
      expect(existsSync(join(path, 'owner.json'))).toBe(true);
    });

    test('leaves a lock alone whose owner cannot be judged', async () => {
      const path = writeUnknownLock(tempDir());
      expect(await cli(['reclaim', path], { env })).toMatchObject({ code: 1, stderr: '' });
      expect(existsSync(join(path, 'owner.json'))).toBe(true);
    });

    test('waits where nothing but the silence of the owner can decide, until its lease has run out', async () => {
      const directory = tempDir();
      const paths = ['a', 'b'].map((name) =>
        writeUnknownLock(directory, name, { lease: { durationMs: LEASE } }),
      );
      const began = performance.now();
      const { code, stdout, stderr } = await cli(['reclaim', ...paths], { env });
      expect(performance.now() - began).toBeGreaterThan(LEASE);
      expect(performance.now() - began).toBeLessThan(LEASE + LATE);
      expect(code).toBe(0);
      expect(stdout.match(/reclaimed \(owner unknown: .* of its lease of 1 s\)/g)).toHaveLength(2);
      for (const path of paths) {
        expect(
          stderr.split('\n').filter((line) => line.includes(`waiting for '${path}': owner unknown`)),
        ).toHaveLength(1);
      }
      expect(readdirSync(directory)).toEqual([]);
    });

    test('waits no longer than it is told', async () => {
      const path = writeUnknownLock(tempDir(), 'a', { lease: { durationMs: 60_000 } });
      for (const timeout of ['0', '300ms']) {
        const began = performance.now();
        const { code, stdout } = await cli(['reclaim', path, '--timeout', timeout], { env });
        expect(performance.now() - began).toBeLessThan(5000);
        expect(code).toBe(1);
        expect(stdout).toContain('left alone');
      }
      expect(existsSync(join(path, 'owner.json'))).toBe(true);
    });

    test('leaves the lock of an owner alone once it renews its lease', async () => {
      const path = writeUnknownLock(tempDir(), 'a', { lease: { durationMs: 15_000 } });
      const reclaiming = cli(['reclaim', path], { env });
      const beating = setInterval(() => utimesSync(join(path, 'owner.json'), new Date(), new Date()), 100);
      onCleanup(() => clearInterval(beating));
      const { code, stdout } = await reclaiming;
      expect(code).toBe(1);
      expect(stdout).toMatch(/^left alone, because its owner has just renewed its lease: /);
      expect(existsSync(join(path, 'owner.json'))).toBe(true);
    }, 25_000);

    test('reports as JSON whether it reclaimed', async () => {
      const directory = tempDir();
      const stale = writeStaleLock(directory);
      const unknown = writeUnknownLock(directory);
      const free = join(directory, 'free.lock');
      const { code, stdout } = await cli(['reclaim', '--json', stale, unknown, free], { env });
      expect(code).toBe(1);
      expect(JSON.parse(stdout)).toMatchObject([
        { path: stale, state: 'free', reclaimed: true, verdict: { state: 'dead' } },
        { path: unknown, state: 'unknown', reclaimed: false },
        { path: free, state: 'free', reclaimed: false },
      ]);
      const [one] = JSON.parse((await cli(['reclaim', '--json', free], { env })).stdout);
      expect(Object.keys(one)).toEqual(['path', 'format', 'state', 'verdict', 'owner', 'ageMs', 'reclaimed']);
    });
  });
}

describeConcurrent(BUILT, 'reclaim', () => {
  test('of an empty directory of any name needs --ownerless, which the error names', async () => {
    const path = join(tempDir(), 'mutex');
    mkdirSync(path);
    utimesSync(path, 1_700_000_000, 1_700_000_000);
    const refused = await cli(['reclaim', path]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`${PROGRAM} reclaim --ownerless 0s ${path}`);
    expect(existsSync(path)).toBe(true);
    expect(await cli(['reclaim', '--ownerless', '99999h', path])).toMatchObject({ code: 1, stderr: '' });
    expect(await cli(['reclaim', '--ownerless', 'soon', path])).toMatchObject({ code: 2 });
    expect(await cli(['reclaim', '--ownerless', '0s', path])).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(path)).toBe(false);
  });

  test('of several paths: a line for each, and how many there are of each kind', async () => {
    const directory = tempDir();
    const held = join(directory, 'held.lock');
    await holdLock(held);
    const paths = [
      writeStaleLock(directory),
      held,
      join(directory, 'typo.lock'),
      writeUnknownLock(directory),
      join(directory, 'no', 'x.lock'),
    ];
    const { code, stdout, stderr } = await cli(['reclaim', ...paths]);
    expect(code).toBe(1);
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/stale\.lock: reclaimed \(owner dead, assumed, .*\)$/),
      expect.stringMatching(/held\.lock: left alone, held \(owner alive: witness-held\)$/),
      `${paths[2]}: free, nothing is there`,
      expect.stringMatching(/unknown\.lock: left alone, unknown \(owner unknown: .*\)$/),
      '1 reclaimed, 1 free, 2 left alone, 1 failed',
      '',
    ]);
    expect(stderr).toMatch(/ENOENT/);
  });

  test('of what names nobody needs the word of a person, which the error names', async () => {
    const path = join(tempDir(), 'a.pid');
    writeFileSync(path, '');
    utimesSync(path, 1_700_000_000, 1_700_000_000);
    const refused = await cli(['reclaim', path]);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(`${PROGRAM} reclaim --empty-file take ${path}`);
    expect(await cli(['reclaim', '--empty-file', 'give', path])).toMatchObject({ code: 2 });
    expect(await cli(['reclaim', '--empty-file', 'take', '--ownerless', '99999h', path])).toMatchObject({
      code: 1,
    });
    expect(await cli(['reclaim', '--empty-file', 'take', path])).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(path)).toBe(false);
  });

  test('judges by the options that inspect and run have as well', async () => {
    const path = writeStaleLock(tempDir());
    const judging = ['--legacy', 'unknown', '--clock-slack', '1s'];
    expect((await cli(['inspect', '--json', ...judging, path])).stdout).toContain('"legacy-not-assumed"');
    expect(await cli(['run', ...judging, '--timeout', '0', path, '--', 'true'])).toMatchObject({ code: 75 });
    expect(await cli(['reclaim', ...judging, path])).toMatchObject({ code: 1 });
    expect(await cli(['reclaim', '--legacy', 'perhaps', path])).toMatchObject({ code: 2 });
    expect(await cli(['run', path, '--', 'true'])).toMatchObject({ code: 0 });
  });

  test('of a path where nothing is exits 0, and says so, because it may be a slip', async () => {
    const path = join(tempDir(), 'x.lock');
    expect(await cli(['reclaim', path])).toMatchObject({
      code: 0,
      stdout: `${path}: free, nothing is there\n`,
      stderr: '',
    });
  });

  test('of a path without a parent exits 1', async () => {
    const outcome = await cli(['reclaim', join(tempDir(), 'no', 'x.lock')]);
    expect(outcome).toMatchObject({ code: 1, stdout: '' });
    expect(outcome.stderr).toMatch(/^kernel-identity: ENOENT: [^\n]+\n$/);
  });

  test("deletes no other program's files, and goes on with the next path", async () => {
    const directory = tempDir();
    const path = writeStaleLock(directory);
    writeFileSync(join(path, 'data'), 'precious');
    const other = writeStaleLock(directory, 'other.lock');
    const { code, stderr } = await cli(['reclaim', path, other]);
    expect(code).toBe(1);
    expect(stderr).toContain('"data"');
    expect(readdirSync(path).sort()).toEqual(['data', 'owner.json']);
    expect(existsSync(other)).toBe(false);
  });
});

describeConcurrent(BUILT, 'a record that names another container', () => {
  test('is left alone, with the option that lifts that, in every message', async () => {
    const path = join(tempDir(), 'app.pid');
    writeFileSync(path, JSON.stringify({ pid: NOBODY, hostname: '0123456789ab' }));
    utimesSync(path, 1_790_000_000, 1_790_000_000);
    const lifts = `${PROGRAM} reclaim --same-host ${path}`;
    expect((await cli(['inspect', path])).stdout).toContain(`${lifts}\n`);
    const run = await cli(['run', '--timeout', '1500ms', path, '--', 'true']);
    expect(run.code).toBe(75);
    expect(run.stderr.split('\n')[0]).toMatch(
      /^kernel-identity: waiting for .*--same-host \(sameHost\) lifts that$/,
    );
    expect(run.stderr).toContain(lifts);
    expect(await cli(['reclaim', path])).toMatchObject({ code: 1 });
    expect(existsSync(path)).toBe(true);
    const env = { KERNEL_IDENTITY_SAME_HOST: '1' };
    const { stdout } = await cli(['inspect', '--json', path], { env });
    expect(JSON.parse(stdout)).toMatchObject([{ state: 'stale' }]);
    expect(await cli(['run', '--same-host', path, '--', 'true'])).toMatchObject({ code: 0 });
    expect(existsSync(path)).toBe(false);
  });

  test('or was touched a moment ago: left alone, and says when it may be known', async () => {
    const path = join(tempDir(), 'app.pid');
    writeFileSync(path, JSON.stringify({ pid: NOBODY, createdAt: Date.now() - 3_600_000 }));
    const { stdout } = await cli(['reclaim', path, join(tempDir(), 'x.lock')]);
    expect(stdout).toMatch(
      /app\.pid: left alone, unknown \(owner unknown: legacy-touched; it may be known in [\d.]+ s\)/,
    );
  });
});
