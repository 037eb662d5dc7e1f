import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { acquireLock, inspectLockSync } from '../../src/index.js';
import { inspectForForce, reclaimByForce } from '../../src/lock/reclaim-forced.js';
import { hasBackend, TESTED } from '../helpers/backends.js';
import { BUILT, cli, PROGRAM, startProgram } from '../helpers/cli.js';
import { holdLock, writeLock, writeStaleLock, writeUnknownLock } from '../helpers/locks.js';
import { startProcess } from '../helpers/processes.js';
import { describeRequiring, hasProgram, testRequiring } from '../helpers/requirements.js';
import { snapshot } from '../helpers/snapshot.js';
import { tempDir } from '../helpers/temp-dir.js';

for (const backend of TESTED) {
  const env = { KERNEL_IDENTITY_BACKEND: backend };

  describeRequiring([...BUILT, hasBackend(backend)], `reclaim --force with the ${backend} backend`, () => {
    test('takes the lock of a live owner, which finds that it has lost it', async () => {
      const path = join(tempDir(), 'a.lock');
      const holder = await holdLock(path);
      const { code, stdout, stderr } = await cli(['reclaim', '--force', '--yes', path], { env });
      expect({ code, stderr }).toEqual({
        code: 0,
        stderr: expect.stringMatching(
          /^kernel-identity: removed by force: '.*a\.lock', held \(alive, proven: witness-held\); pid \d+.*\n$/,
        ),
      });
      expect(stdout).toMatch(/witness +alive.*a\.lock: removed by force\n$/s);
      expect(existsSync(path)).toBe(false);
      expect(await holder.exited).toMatchObject({ code: 125, stderr: expect.stringContaining('was lost') });
    });

    test('aborts the signal of the robbed lock, and its verify() says so', async () => {
      const path = join(tempDir(), 'a.lock');
      const lock = await acquireLock(path);
      const aborted = once(lock.signal, 'abort');
      expect(await cli(['reclaim', '--force', '--yes', path], { env })).toMatchObject({ code: 0 });
      await aborted;
      expect(lock.signal.reason).toMatchObject({ code: 'ERR_LOCK_LOST' });
      expect(lock.verify()).toBe(false);
      expect(() => lock.releaseSync()).toThrow(expect.objectContaining({ code: 'ERR_LOCK_LOST' }));
    });
  });
}

describeRequiring(BUILT, 'reclaim --force', () => {
  test('asks nobody where there is no terminal, and takes nothing then', async () => {
    const path = writeUnknownLock(tempDir());
    const { code, stdout, stderr } = await cli(['reclaim', '--force', path]);
    expect(code).toBe(2);
    expect(stdout).toContain('unknown.lock: unknown');
    expect(stderr).toContain('--yes');
    expect(existsSync(path)).toBe(true);
  });

  test('takes one path, and no option of other ways to reclaim', async () => {
    const directory = tempDir();
    const paths = [writeUnknownLock(directory, 'a.lock'), writeUnknownLock(directory, 'b.lock')];
    const [path = ''] = paths;
    for (const args of [paths, ['--json', path], ['--json-lines', path], ['--timeout', '1s', path]]) {
      expect(await cli(['reclaim', '--force', '--yes', ...args]), args.join(' ')).toMatchObject({ code: 2 });
    }
    expect(await cli(['reclaim', '--yes', path])).toMatchObject({ code: 2 });
    expect(readdirSync(directory)).toEqual(['a.lock', 'b.lock']);
  });

  testRequiring([hasProgram('script')], 'asks on a terminal: only yes is yes', async () => {
    const path = writeUnknownLock(tempDir());
    for (const [answer, isTaken] of [
      ['y', false],
      ['', false],
      ['yes', true],
    ] as const) {
      const command = `exec ${PROGRAM} reclaim --force ${path}`;
      const terminal = startProgram(['script', '-qec', command, '/dev/null']);
      await terminal.said('Type yes:');
      expect(terminal.stdout).toMatch(/unknown\.lock: unknown.*may work at once/s);
      terminal.write(`${answer}\n`);
      const { code } = await terminal.exited;
      expect({ answer, code, taken: !existsSync(path) }).toEqual({
        answer,
        code: isTaken ? 0 : 1,
        taken: isTaken,
      });
    }
  });

  test('removes what names nobody and is called like a lock, and its error names the way', async () => {
    const directory = tempDir();
    const strange: Record<string, (path: string) => void> = {
      'link.lock': (path) => symlinkSync('/nowhere', join(path, 'owner.json')),
      'text.lock': (path) => writeFileSync(join(path, 'owner.json'), 'precious?'),
      'nopid.lock': (path) => writeFileSync(join(path, 'owner.json'), '{"name":"x"}'),
    };
    for (const [name, make] of Object.entries(strange)) {
      const path = join(directory, name);
      mkdirSync(path);
      make(path);
      const refused = await cli(['reclaim', path]);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain(`${PROGRAM} reclaim --force ${path}`);
      expect(await cli(['reclaim', '--force', '--yes', path])).toMatchObject({ code: 0 });
    }
    const empty = join(directory, 'empty.pid');
    writeFileSync(empty, '');
    expect(await cli(['reclaim', '--force', '--yes', empty])).toMatchObject({ code: 0 });
    const live = join(directory, 'live.pid');
    writeFileSync(live, `${process.pid}\n`);
    expect(await cli(['reclaim', '--force', '--yes', live])).toMatchObject({ code: 0 });
    expect(readdirSync(directory)).toEqual([]);
  });

  testRequiring([hasProgram('flock')], 'takes a file that another program has locked', async () => {
    const path = join(tempDir(), 'a.pid');
    writeFileSync(path, '');
    const holder = await startProcess(['flock', '-F', path, 'sh', '-c', 'echo locked; exec cat']);
    await holder.line();
    expect(await cli(['reclaim', '--force', '--yes', path])).toMatchObject({ code: 0 });
    expect(existsSync(path)).toBe(false);
    await holder.kill();
  });

  test('removes no directory that is not named like a lock, however new it is, unless it is said to be one', () => {
    const path = join(tempDir(), 'spool');
    mkdirSync(path);
    // The refusal of a reclaim begins a second later.
    expect(() => inspectForForce(path, {})).toThrow(expect.objectContaining({ code: 'ERR_NOT_A_LOCK' }));
    const { signature } = inspectForForce(path, { ownerlessGrace: 0 });
    expect(() => reclaimByForce(path, signature, {})).toThrow(
      expect.objectContaining({ code: 'ERR_NOT_A_LOCK' }),
    );
    expect(existsSync(path)).toBe(true);
    expect(reclaimByForce(path, signature, { ownerlessGrace: 0 })).toBe('removed');
  });

  test('removes nothing that is no lock, and no files but the lock’s own', async () => {
    const directory = tempDir();
    const withData = writeStaleLock(directory, 'data.lock');
    writeFileSync(join(withData, 'row'), 'precious');
    writeLock(directory, '42', { pid: process.pid, name: 'Al' });
    mkdirSync(join(directory, 'spool'));
    mkdirSync(join(directory, 'strange.lock'));
    writeFileSync(join(directory, 'strange.lock', 'owner.json'), 'x');
    writeFileSync(join(directory, 'strange.lock', 'row'), 'precious');
    writeFileSync(join(directory, 'results.json'), JSON.stringify({ pid: process.pid }));
    writeFileSync(join(directory, 'notes.lock'), 'some text');
    symlinkSync('results.json', join(directory, 'link.lock'));
    const before = snapshot(directory);
    for (const name of readdirSync(directory)) {
      expect(await cli(['reclaim', '--force', '--yes', join(directory, name)]), name).toMatchObject({
        code: 1,
      });
    }
    expect(snapshot(directory)).toEqual(before);
    expect(await cli(['reclaim', '--force', '--yes', join(directory, 'typo.lock')])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('free, nothing is there'),
    });
  });
});

test('what a person has seen is removed, and not what stands there by then', () => {
  const path = writeUnknownLock(tempDir());
  const { signature } = inspectForForce(path, {});
  const lock = { nonce: 'fedcba9876543210fedcba9876543210' };
  const other = writeUnknownLock(tempDir(), 'other.lock', lock);
  expect(reclaimByForce(other, signature, {})).toBe('changed');
  expect(inspectLockSync(other).state).toBe('unknown');
  expect(reclaimByForce(path, signature, {})).toBe('removed');
  expect(reclaimByForce(path, signature, {})).toBe('gone');

  const file = join(dirname(path), 'a.pid');
  writeFileSync(file, `${process.pid}\n`);
  const shown = inspectForForce(file, {});
  writeFileSync(file, `${process.ppid}\n`);
  expect(reclaimByForce(file, shown.signature, {})).toBe('changed');
  expect(existsSync(file)).toBe(true);
});
