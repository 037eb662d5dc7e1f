// Containers of runtimes whose command stays in the foreground for as long as the container lasts.
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const GONE_MS = 10_000;
const LATE = Symbol('late');

/**
 * @typedef {object} Commands one command each for one container; signals replace a missing one
 * @property {readonly string[]} run
 * @property {readonly string[]} [kill]
 * @property {readonly string[]} [pause]
 * @property {readonly string[]} [resume]
 */

/**
 * @param {Commands} commands
 * @returns {import('./scene.mjs').Container}
 */
export function runInForeground({ run, kill, pause, resume }) {
  const [command = '', ...args] = run;
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
  }
  let over = false;
  // Resolves when the last process that holds its output is gone, not just the runtime's command.
  /** @type {Promise<string>} */
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', () => resolve(said));
  });
  ended.then(() => {
    over = true;
  });
  return {
    ended,
    kill: async () => {
      if (over) return;
      if (kill === undefined) signal(insideOf(child.pid), 'SIGKILL');
      else execute(kill);
      const late = sleep(GONE_MS, LATE, { ref: false });
      if ((await Promise.race([ended, late])) === LATE)
        throw new Error(`still there: ${run.join(' ')}\n${said}`);
    },
    pause: async () => {
      if (pause === undefined) signal(insideOf(child.pid), 'SIGSTOP');
      else execute(pause);
    },
    resume: async () => {
      if (resume === undefined) signal(insideOf(child.pid), 'SIGCONT');
      else execute(resume);
    },
  };
}

/**
 * Runs a command to its end.
 * @param {readonly string[]} command
 * @param {import('node:child_process').SpawnSyncOptions} [options]
 * @returns {string} what it printed
 */
export function execute([command = '', ...args], options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (status === 0) return String(stdout);
  throw new Error(`${[command, ...args].join(' ')}: ${error?.message ?? String(stderr).trim()}`);
}

/**
 * Lists the descendants of this process, the oldest first.
 * @param {number | undefined} pid
 * @returns {number[]}
 */
function insideOf(pid) {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
    return children.flatMap((child) => [child, ...insideOf(child)]);
  } catch {
    // The process ended meanwhile.
    return [];
  }
}

/**
 * @param {readonly number[]} pids
 * @param {NodeJS.Signals} name
 */
function signal(pids, name) {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch (error) {
      // The first process was the init, whose death ended this one too.
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
    }
  }
}
