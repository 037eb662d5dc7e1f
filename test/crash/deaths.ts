import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestedName } from '../helpers/backends.js';
import { startProcess, type TestProcess } from '../helpers/processes.js';
import { until } from '../helpers/until.js';

const MORTAL = fileURLToPath(new URL('mortal.mjs', import.meta.url));

export type Work = 'acquire' | 'acquire and release' | 'reclaim' | 'reclaim with the usual grace';

/** None of the works makes this many calls. */
const MANY = 100;

/**
 * `moment` is the number of the call before which the process is killed, or the beginning of the text of the
 * call before which it is stopped.
 */
function start(
  moment: number | string,
  work: Work | 'leave',
  path: string,
  backend: TestedName,
): Promise<TestProcess> {
  const command = [process.execPath, MORTAL, work, path, String(moment)];
  return startProcess(command, { env: { KERNEL_IDENTITY_BACKEND: backend } });
}

/**
 * Runs `work` in a process that is killed before its n-th call.
 * @returns that call; null when the work had completed by then.
 */
export async function dieBefore(
  n: number,
  work: Work,
  path: string,
  backend: TestedName,
): Promise<string | null> {
  const mortal = await start(n, work, path, backend);
  const { code, signal } = await mortal.exited;
  const lastCall = (await lines(mortal)).at(-1) ?? '';
  if (signal === 'SIGKILL') return lastCall;
  if (code === 0 && lastCall === 'completed') return null;
  throw new Error(`ended otherwise, code ${code}, signal ${signal}, at ${lastCall}: ${mortal.errors}`);
}

/**
 * Leaves a dead owner's lock, and beside it a private directory in each state in which an acquisition can leave
 * it. One process makes them all, because the next one would sweep what its predecessor left.
 */
export async function leavePrivateDirectories(path: string, backend: TestedName): Promise<void> {
  const { signal } = await (await start('', 'leave', path, backend)).exited;
  if (signal !== 'SIGKILL') throw new Error(`ended otherwise, signal ${signal}`);
  const states = readdirSync(dirname(path)).length;
  if (states < 6) throw new Error(`left only ${states} states`);
}

/**
 * Repeats a scene with a death before the first call of `work`, then before the second, and so on until
 * `work` completes. Each stage plays one scene at a time.
 * @returns the calls.
 */
export async function atEveryCall<Stage>(
  work: Work,
  backend: TestedName,
  stages: readonly Stage[],
  scene: (die: (path: string) => Promise<string | null>, stage: Stage) => Promise<void>,
): Promise<string[]> {
  /** Plays the scene with a death before the n-th call, and returns that call. */
  async function play(n: number, stage: Stage): Promise<string | null> {
    let call: string | null = null;
    try {
      await scene(async (path) => {
        call = await dieBefore(n, work, path, backend);
        return call;
      }, stage);
    } catch (error) {
      throw new Error(`after a death before call ${n} (${call}) of '${work}': ${(error as Error).message}`, {
        cause: error,
      });
    }
    return call;
  }

  const calls: (string | null)[] = [];
  let next = 1;
  let isOver = false;
  async function playOn(stage: Stage): Promise<void> {
    try {
      while (!isOver) {
        const n = next;
        next += 1;
        if (n > MANY) throw new Error(`'${work}' did not complete within ${MANY} calls`);
        const call = await play(n, stage);
        calls[n - 1] = call;
        isOver ||= call === null;
      }
    } finally {
      isOver = true;
    }
  }
  await Promise.all(stages.map(playOn));
  return calls.slice(0, calls.indexOf(null)) as string[];
}

/** A process that was stopped in the middle of its work. */
interface Halted {
  /** Resumes the process until it ends. @returns the calls that it still made. */
  finish(): Promise<string[]>;
}

/** Runs `work` in a process that is stopped before the first call that begins with `call`. */
export async function haltBefore(
  call: string,
  work: Work,
  path: string,
  backend: TestedName,
): Promise<Halted> {
  const mortal = await start(call, work, path, backend);
  for (let made = await mortal.line(); !made.startsWith(call); made = await mortal.line());
  await until('the process is stopped', () =>
    /^State:\tT/m.test(readFileSync(`/proc/${mortal.hostPid}/status`, 'utf8')),
  );
  return {
    async finish() {
      mortal.signal('SIGCONT');
      const { code } = await mortal.exited;
      if (code !== 0) throw new Error(`failed: ${mortal.errors}`);
      return lines(mortal);
    },
  };
}

async function lines(ended: TestProcess): Promise<string[]> {
  const found: string[] = [];
  for (;;) {
    const line = await ended.line().catch(() => null);
    if (line === null) return found;
    found.push(line);
  }
}
