import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { acquireLock, acquireLockSync } from '../../src/index.js';
import { fixture } from '../helpers/processes.js';
import { describeRequiring, isBuilt } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

interface Warning {
  readonly code: string;
  readonly message: string;
}

function run(name: string, env: Readonly<Record<string, string>> = {}) {
  const folder = tempDir();
  const script = fixture(`../lock/fixtures/${name}.mjs`);
  const result = spawnSync(process.execPath, ['--expose-gc', '--no-warnings', script, folder], {
    encoding: 'utf8',
    env: { ...process.env, NODE_DEBUG: '', ...env },
    timeout: 25_000,
  });
  if (result.status !== 0) throw new Error(result.stderr);
  return { folder, said: JSON.parse(result.stdout) };
}

describeRequiring([isBuilt()], 'a task that waits for a lock which is held for itself', () => {
  test('is warned of, with the place, and no other that waits for its own thread is', () => {
    const { folder, said } = run('self-wait');
    const warnings = said as Warning[];
    expect(warnings.map(({ code }) => code)).toEqual(Array(2).fill('KERNEL_IDENTITY_LOCK_REENTRANT'));
    for (const [name, caller] of [
      ['nested', /It was called at file:.*self-wait.mjs/],
      ['deep', /It was called at (async )?askAgain \(file:.*self-wait.mjs/],
    ] as const) {
      const { message } = warnings.find((one) =>
        one.message.includes(join(folder, `${name}.lock`)),
      ) as Warning;
      expect(message).toContain('waits for 1 s for the lock');
      expect(message).toContain('inside the function that withLock runs for the same lock');
      expect(message).toMatch(caller);
      expect(message).toContain('NODE_DEBUG=kernel-identity shows where it was taken');
    }
  });

  test('NODE_DEBUG adds where the lock was taken', () => {
    const { said } = run('self-wait', { NODE_DEBUG: 'kernel-identity' });
    for (const { message } of said as Warning[])
      expect(message).toMatch(/ The lock was taken at .*self-wait.mjs/);
  });
});

describeRequiring([isBuilt()], 'a lock whose handle is forgotten', () => {
  test('is warned of once, and stays held', () => {
    const { folder, said } = run('forgotten');
    const { warnings, heldStill, kept } = said as {
      warnings: Warning[];
      heldStill: boolean[];
      kept: boolean;
    };
    expect(warnings.map(({ code }) => code)).toEqual(Array(2).fill('KERNEL_IDENTITY_LOCK_FORGOTTEN'));
    for (const name of ['async', 'sync']) {
      const words = `the lock '${join(folder, `${name}.lock`)}' was never released`;
      expect(warnings.filter(({ message }) => message.startsWith(words))).toHaveLength(1);
    }
    expect({ heldStill, kept }).toEqual({ heldStill: [true, true, true], kept: true });
  });

  test('is warned of with NODE_DEBUG too, which the warning asks for: with the place', () => {
    const { said } = run('forgotten', { NODE_DEBUG: 'kernel-identity' });
    const { warnings, heldStill, kept } = said as {
      warnings: Warning[];
      heldStill: boolean[];
      kept: boolean;
    };
    expect(warnings.map(({ code }) => code)).toEqual(Array(2).fill('KERNEL_IDENTITY_LOCK_FORGOTTEN'));
    for (const { message } of warnings) {
      expect(message).toMatch(/ The lock was taken at (async )?forget \(file:.*forgotten.mjs/);
    }
    expect({ heldStill, kept }).toEqual({ heldStill: [true, true, true], kept: true });
  });

  test('is not looked for where a program listens to its loss: it hears of that all the same', () => {
    const { said } = run('forgotten-but-watched');
    expect(said).toEqual({ warnings: 0, aborted: true, lost: 2 });
  });
});

describeRequiring([], 'a thread that waits in silence for a lock of its own', () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  const emitted = () => vi.spyOn(process, 'emitWarning').mockImplementation(() => {});

  test.each([
    ['without a timeout', {}, 1],
    ['with a timeout', { timeout: 200_000 }, 0],
    ['with a signal', { signal: new AbortController().signal }, 0],
    ['with onWait', { onWait: () => {} }, 0],
  ])('%s: warnings after a minute: %o, %i', async (_what, options, count) => {
    vi.useFakeTimers({ toFake: ['hrtime', 'performance', 'setTimeout', 'clearTimeout', 'Date'] });
    const warn = emitted();
    const path = join(tempDir(), 'a.lock');
    const held = acquireLockSync(path, { label: 'forgotten' });
    const waiters = [acquireLock(path, options), acquireLock(path, options)];
    await vi.advanceTimersByTimeAsync(59_000);
    expect(warn).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(70_000);
    expect(warn).toHaveBeenCalledTimes(count);
    if (count > 0) {
      expect(warn).toHaveBeenCalledWith(
        expect.stringMatching(
          /^this thread waits for 60 s for the lock '.*a.lock', which it holds itself \(.*"forgotten"/,
        ),
        { code: 'KERNEL_IDENTITY_LOCK_SELF_WAIT' },
      );
    }
    held.releaseSync();
    for (const waiter of waiters) (await waiter).releaseSync();
  });
});
