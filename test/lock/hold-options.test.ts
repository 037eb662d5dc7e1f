// Options that take effect while the lock is held: `touch` and `releaseOnExit`.
import { existsSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as api from '../../src/index.js';
import { TOP } from '../docs/pages.js';
import { describeForEveryBackend } from '../helpers/package.js';
import { startProcess } from '../helpers/processes.js';
import { isBuilt, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { thrown } from '../helpers/thrown.js';
import { until } from '../helpers/until.js';

const newPath = () => join(tempDir(), 'install.lock');

/** Blocks this thread, event loop included. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describeForEveryBackend('touch', (here) => {
  test('keeps the time of the directory fresh while the event loop is blocked, and no longer than the lock', async () => {
    const path = newPath();
    const lock = here.acquireLockSync(path, { touch: 1_000 });
    const old = new Date(0);
    utimesSync(path, old, old);
    // A thread of plain Node starts through the event loop.
    if (here.backend.name !== 'native') await until('it is touched', () => statSync(path).mtimeMs > 0);
    utimesSync(path, old, old);
    block(1_400);
    expect(Date.now() - statSync(path).mtimeMs).toBeLessThan(1_400);
    expect(lock.verify()).toBe(true);
    lock.releaseSync();
    expect(existsSync(path)).toBe(false);
  });
});

describe('touch and releaseOnExit', () => {
  test('are refused with impossible values', () => {
    for (const touch of [0, 999, 86_400_001, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(thrown(() => api.acquireLockSync(newPath(), { touch })).code).toBe('ERR_OUT_OF_RANGE');
    }
    for (const options of [{ touch: '1s' }, { releaseOnExit: 'yes' }]) {
      expect(thrown(() => api.acquireLockSync(newPath(), options as never)).code).toBe(
        'ERR_INVALID_ARG_TYPE',
      );
    }
  });
});

/** Takes two locks, of which one is to be released at the exit, and releases nothing itself. */
const PROGRAM = `
  const { acquireLockSync } = require(process.env.PACKAGE);
  acquireLockSync('kept.lock');
  acquireLockSync('given-back.lock', { releaseOnExit: true }).releaseSync();
  acquireLockSync('at-exit.lock', { releaseOnExit: true });
  console.log('"ready"');
  process.stdin.once('data', (line) => eval(JSON.parse(line)));
`;

testRequiring([isBuilt()], 'releaseOnExit releases at each end but that by a signal', async () => {
  const ends = [
    'process.exit(3)',
    'process.stdin.destroy()',
    'throw new Error("uncaught")',
    'process.kill(process.pid, 9)',
  ];
  for (const end of ends) {
    const cwd = tempDir();
    const env = { PACKAGE: TOP };
    const program = await startProcess([process.execPath, '-e', PROGRAM], { cwd, env });
    await program.message();
    program.send(end);
    await program.exited;
    const left = ['kept', 'given-back', 'at-exit'].filter((name) => existsSync(join(cwd, `${name}.lock`)));
    expect(left, end).toEqual(end.includes('kill') ? ['kept', 'at-exit'] : ['kept']);
  }
});
