import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inspectLockSync } from '../../src/index.js';
import { hasBackend } from '../helpers/backends.js';
import { onCleanup } from '../helpers/cleanup.js';
import { BUILT, cli, MAIN, type RunningCli, startProgram } from '../helpers/cli.js';
import { holdLock } from '../helpers/locks.js';
import { describeRequiring, hasProgram, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';

const HOLD = `"${process.execPath}" "${MAIN}" hold`;
const OPEN = 'exec 9</proc/self/ns/time';

/** Starts a script that takes the lock with descriptor 9, says so, and goes on with `rest`. */
async function startScript(path: string, rest: string, shell = 'sh'): Promise<RunningCli> {
  const script = `${OPEN}; ${HOLD} "$1" --fd 9 || exit; echo held $$; ${rest}`;
  const running = startProgram([shell, '-c', script, 'script', path]);
  await running.said('held');
  return running;
}

/** The number that the script has printed after `what`. It is killed after the test. */
async function printedPid(script: RunningCli, what: string): Promise<number> {
  await script.said(what);
  const pid = Number(new RegExp(`${what} (\\d+)`).exec(script.stdout)?.[1]);
  onCleanup(() => {
    if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL');
  });
  return pid;
}

describeRequiring([...BUILT, hasBackend('native')], 'hold', () => {
  for (const shell of ['sh', 'bash', 'zsh']) {
    testRequiring([hasProgram(shell)], `holds a lock until the script ends: ${shell}`, async () => {
      const path = join(tempDir(), 'a.lock');
      const script = await startScript(path, 'read go; exit 3', shell);
      expect(inspectLockSync(path)).toMatchObject({
        state: 'held',
        verdict: { state: 'alive', certainty: 'proven', reason: 'lifeline-held' },
        owner: { handedOver: true, witness: null, lease: null },
      });
      expect((await cli(['run', path, '-n', '--', 'true'])).code).toBe(75);
      script.endInput();
      expect(await script.closed).toMatchObject({ code: 3, stderr: '' });
      expect(inspectLockSync(path)).toMatchObject({ state: 'stale', verdict: { certainty: 'proven' } });
      expect((await cli(['run', path, '-n', '--', 'true'])).code).toBe(0);
      expect(existsSync(path)).toBe(false);
    });
  }

  test('keeps it until the last child that has the descriptor is gone, when the shell is killed', async () => {
    const path = join(tempDir(), 'a.lock');
    const script = await startScript(path, 'sleep 600 >/dev/null 2>&1 & echo child $!; wait');
    const child = await printedPid(script, 'child');
    const waiter = startProgram([process.execPath, MAIN, 'run', path, '--', 'echo', 'my turn']);
    await waiter.waits();
    script.signal('SIGKILL');
    await script.exited;
    expect(inspectLockSync(path).state).toBe('held');
    expect(waiter.stdout).toBe('');
    process.kill(child, 'SIGKILL');
    expect(await waiter.closed).toMatchObject({ code: 0, stdout: 'my turn\n', stderr: '' });
  });

  test('gives it up when the script closes the descriptor, whatever else goes on without it', async () => {
    const path = join(tempDir(), 'a.lock');
    const rest = 'sleep 600 9<&- >/dev/null 2>&1 & echo child $!; exec 9<&-; echo closed; read go';
    const script = await startScript(path, rest);
    await printedPid(script, 'child');
    await script.said('closed');
    // The child was born with the descriptor, and may close it later than the script.
    await until('the lock is stale', () => inspectLockSync(path).state === 'stale');
  });

  testRequiring(
    [hasProgram('bash')],
    'fails where it alone has the descriptor, and the lock would end',
    async () => {
      const path = join(tempDir(), 'a.lock');
      const script = `${HOLD} "$1" --fd 9 9</proc/self/ns/time; echo "code $?"`;
      const { stdout, stderr } = await startProgram(['bash', '-c', script, 'script', path]).closed;
      expect(stdout).toBe('code 125\n');
      expect(stderr).toContain('descriptor 9 is open in this command alone, so the lock would end with it');
      expect(stderr).toContain('exec 9</proc/self/ns/time');
      expect((await cli(['run', path, '-n', '--', 'true'])).code).toBe(0);
      // A program between the shell and this command, and a shell that passes the descriptor on by a copy, do well.
      for (const line of [
        `env ${HOLD} "$1" --fd 9`,
        `${HOLD} "$1" --fd 9 9<&8`,
        `(${HOLD} "$1" --fd 9; true)`,
      ]) {
        const both = `${OPEN}; exec 8<&9; ${line}; echo "code $?"`;
        const done = await startProgram(['bash', '-c', both, 'script', path]).closed;
        expect(done, line).toMatchObject({ stdout: 'code 0\n', stderr: '' });
      }
    },
  );

  test('an inspection in the script does not advise to wait for itself', async () => {
    const path = join(tempDir(), 'a.lock');
    const script = await startScript(
      path,
      `"${process.execPath}" "${MAIN}" inspect "$1"; echo seen; read go`,
    );
    await script.said('seen');
    const next = script.stdout.replaceAll(/\s+/g, ' ').replace(/^.* next /, '');
    expect(next).toMatch(
      /^leave it alone and wait for pid \d+ \(sh -c [^)]*\), which its owner left behind:/,
    );
    expect(next).not.toMatch(/ and pid \d/);
  });

  test('lets one descriptor hold several locks', async () => {
    const [first, second] = [join(tempDir(), 'a.lock'), join(tempDir(), 'b.lock')];
    const script = await startScript(first, `${HOLD} ${second} --fd 9 && echo both; read go`);
    await script.said('both');
    for (const path of [first, second]) expect(inspectLockSync(path).state).toBe('held');
    script.endInput();
    await script.closed;
    for (const path of [first, second]) expect(inspectLockSync(path).state).toBe('stale');
  });

  test('labels the lock with the name of the script', async () => {
    const path = join(tempDir(), 'a.lock');
    await startScript(path, 'read go');
    expect(JSON.parse(readFileSync(join(path, 'owner.json'), 'utf8')).label).toBe('sh');
  });

  test('ends the script when it is not held in time, and leaves nothing behind', async () => {
    const path = join(tempDir(), 'a.lock');
    await holdLock(path);
    const script = `${OPEN}; ${HOLD} ${path} --fd 9 -n -q -E 9 || exit; echo held`;
    const { code, stdout, stderr } = await startProgram(['sh', '-c', script]).closed;
    expect({ code, stdout, stderr }).toEqual({ code: 9, stdout: '', stderr: '' });
  });

  test('refuses a descriptor that the shell has not opened, and one on another file', async () => {
    const path = join(tempDir(), 'a.lock');
    for (const open of [':', 'exec 9</dev/null', 'exec 9</proc/self/ns/pid', 'exec 9</proc/self/ns/user']) {
      const script = `${open}; ${HOLD} ${path} --fd 9 || exit; echo held`;
      const { code, stdout, stderr } = await startProgram(['sh', '-c', script]).closed;
      expect({ code, stdout }, open).toEqual({ code: 125, stdout: '' });
      expect(stderr).toContain('exec 9</proc/self/ns/time');
      expect(existsSync(path)).toBe(false);
    }
    // Around these numbers it has the file of lifelines open itself, and that is not the shell's.
    for (let fd = 17; fd < 20; fd += 1) {
      const { code, stderr } = await cli(['hold', path, '--fd', String(fd)]);
      expect(code, `descriptor ${fd}`).toBe(125);
      expect(stderr).toContain(`descriptor ${fd} is not open on /proc/self/ns/time`);
      expect(existsSync(path)).toBe(false);
    }
    for (const wrong of [
      [path],
      [path, '--fd', '2'],
      [path, '--fd', 'x'],
      ['--fd', '9'],
      [path, path, '--fd', '9'],
    ]) {
      expect((await cli(['hold', ...wrong])).code, wrong.join(' ')).toBe(2);
    }
  });

  test('needs lifelines', async () => {
    const path = join(tempDir(), 'a.lock');
    const script = `${OPEN}; ${HOLD} ${path} --fd 9 || exit; echo held`;
    const env = { KERNEL_IDENTITY_BACKEND: 'procfs' };
    const { code, stderr } = await startProgram(['sh', '-c', script], { env }).closed;
    expect(code).toBe(125);
    expect(stderr).toContain('no lifeline can be taken here');
    await until('nothing is left', () => !existsSync(path));
  });
});
