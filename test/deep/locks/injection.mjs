// Makes system calls of a running process fail, by strace(1).
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/**
 * Makes the n-th call of `syscall` in the process fail while `action` runs.
 * @template T
 * @param {{ pid: number, syscall: string, n: number, errno: string, directory: string }} injection
 * @param {() => Promise<T>} action
 * @returns {Promise<{ answer: T, injected: boolean }>}
 */
export async function withFailure({ pid, syscall, n, errno, directory }, action) {
  const log = join(directory, 'strace.log');
  const args = ['-p', String(pid), '-o', log, `--trace=${syscall}`];
  const strace = spawn('strace', [...args, `--inject=${syscall}:error=${errno}:when=${n}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = new Promise((resolve) => strace.once('close', resolve));
  /** @type {string[]} */
  const said = [];
  await new Promise((resolve, reject) => {
    exited.then(() => reject(new Error(`strace ended: ${said.join(' ')}`)));
    createInterface({ input: strace.stderr }).on('line', (line) => {
      said.push(line);
      if (line.includes('attached')) resolve(undefined);
    });
  });
  try {
    const answer = await action();
    return { answer, injected: readFileSync(log, 'utf8').includes('(INJECTED)') };
  } finally {
    strace.kill('SIGINT');
    await exited;
  }
}
