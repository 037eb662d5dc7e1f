// Descriptors, memory, threads and inotify run out: the result must be a typed error or polling, never a
// wrong verdict, and nothing may be left behind.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { program, root } from '../frame/needs.mjs';

export const about = 'descriptors, memory, threads and inotify run out';
export const needs = () => [root(), program('strace', 'exhaustion')];
export const minutes = 45;

const SCARCE = fileURLToPath(new URL('../exhaustion/scarce.mjs', import.meta.url));
const HOLDER = fileURLToPath(new URL('../exhaustion/holder.mjs', import.meta.url));
const USER = 65_002;
/**
 * The calls that the kernel may refuse, and the errors. ENFILE, which concerns the files of the whole
 * machine, can only be simulated.
 */
const REFUSALS = {
  openat: ['EMFILE', 'ENFILE', 'ENOMEM'],
  fcntl: ['ENOMEM', 'ENOLCK', 'EMFILE'],
  mkdirat: ['ENOSPC', 'ENOMEM'],
  renameat2: ['ENOSPC', 'ENOMEM'],
  renameat: ['ENOSPC'],
  pwrite64: ['ENOSPC', 'EDQUOT'],
  unlinkat: ['ENOMEM', 'EIO'],
  fstatfs: ['ENOMEM'],
  pidfd_open: ['EMFILE', 'ENOMEM', 'ENODEV'],
  inotify_init1: ['EMFILE', 'ENOMEM'],
  inotify_add_watch: ['ENOSPC', 'ENOMEM'],
  epoll_create1: ['EMFILE', 'ENOMEM'],
  epoll_ctl: ['ENOSPC', 'ENOMEM'],
  eventfd2: ['EMFILE', 'ENFILE'],
  timerfd_create: ['EMFILE', 'ENOMEM'],
  'clone,clone3': ['EAGAIN'],
};
/** If one of these fails, Node itself ends the process when a worker thread is to start. */
const NODE_NEEDS = new Set(['epoll_create1', 'epoll_ctl', 'eventfd2', 'clone,clone3']);

/** @typedef {{ wrong: string[], answers: Record<string, string>, threads: number | null, descriptors: number | null }} Answer */
/** @typedef {{ limit: (pid: number) => (() => Promise<void>) | Promise<() => Promise<void>>, args?: string[], command?: string[], mayDie?: boolean, noThreads?: boolean }} Scarcity */

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {import('../frame/parts.mjs').Options} options
 */
export async function run(report, { directory }) {
  chmodSync(directory, 0o755);
  const nothing = async () => () => Promise.resolve();
  for (const what of ['instances', 'watches']) {
    const [command = '', ...args] = withoutInotify(what);
    const watch = "require('node:fs').watch('/').close()";
    if (spawnSync(command, [...args, process.execPath, '-e', watch]).status === 0) {
      throw new Error(`without inotify ${what} there still are some`);
    }
  }
  for (const backend of ['native', 'procfs']) {
    const situations = {
      'EMFILE: 0 to 15 descriptors left': range(16).map((left) => ({
        limit: nothing,
        args: [String(left)],
      })),
      'ENOMEM: 0 to 4 MiB of address space left': range(8).map((step) => ({
        limit: limitMemory(step * 512),
        mayDie: true,
      })),
      'EAGAIN: no further thread (RLIMIT_NPROC)': [
        { limit: forbidThreads, command: asUser(), noThreads: true },
      ],
      'no inotify instance (sysctl of a user namespace)': [
        { limit: nothing, command: withoutInotify('instances') },
      ],
      'no inotify watch (sysctl of a user namespace)': [
        { limit: nothing, command: withoutInotify('watches') },
      ],
      ...Object.fromEntries(
        Object.entries(REFUSALS).map(([call, errors]) => [
          `${call} answers ${errors.join(', ')}`,
          errors.flatMap((error) =>
            ['1+', '1', '2', '3', '2+'].map((when) => ({
              limit: refuse(call, error, when),
              mayDie: NODE_NEEDS.has(call),
            })),
          ),
        ]),
      ),
    };
    for (const [situation, scarcities] of Object.entries(situations)) {
      const failures = [];
      let deaths = 0;
      /** @type {Map<string, number>} */
      const seen = new Map();
      for (const scarcity of scarcities) {
        const { wrong, answers, died } = await play(scarcity, join(directory, 'scene'), backend);
        failures.push(...wrong);
        if (died) deaths += 1;
        for (const [what, answer] of Object.entries(answers))
          seen.set(`${what}: ${answer}`, (seen.get(`${what}: ${answer}`) ?? 0) + 1);
      }
      const errors = [...seen.keys()].filter((text) => /: (?!ERR_LOCK_TIMEOUT)E/.test(text));
      const thefts = failures.filter((failure) => failure.includes('THEFT')).length;
      if (deaths > 0) errors.unshift(`${deaths} times Node ended the process`);
      const result = errors.length === 0 ? 'no error at all' : errors.join(', ');
      report.row({ runtime: backend, situation, cycles: scarcities.length, result, thefts, failures });
    }
  }
}

/**
 * @param {Scarcity} scarcity
 * @param {string} scene
 * @param {string} backend
 */
async function play({ limit, args = [], command = [], mayDie = false, noThreads = false }, scene, backend) {
  mkdirSync(scene);
  chmodSync(scene, 0o777);
  const env = { ...process.env, KERNEL_IDENTITY_BACKEND: backend };
  const live = start([process.execPath, HOLDER, join(scene, 'live.lock')], env);
  const dead = start([process.execPath, HOLDER, join(scene, 'dead.lock')], env);
  /** @type {string[]} */
  const wrong = [];
  /** @type {Record<string, string>} */
  let answers = {};
  let died = false;
  try {
    await live.line();
    await dead.line();
    await dead.kill();
    const scarce = start([...command, process.execPath, SCARCE, scene, ...args], env);
    try {
      if ((await scarce.line()) !== 'ready') throw new Error('it did not start');
      const lift = await limit(scarce.pid);
      scarce.send();
      const answered = [await scarce.line()];
      await lift();
      for (let well = 0; well < 2; well++) {
        scarce.send();
        answered.push(await scarce.line());
      }
      died = answered.includes(null);
      if (died && !mayDie) wrong.push('it died');
      const [first, second, third] = answered.map(
        (text) => /** @type {Answer | null} */ (JSON.parse(text ?? 'null')),
      );
      for (const answer of [first, second, third]) wrong.push(...(answer?.wrong ?? []));
      answers = first?.answers ?? {};
      if (noThreads && first?.threads !== 0) wrong.push(`there are threads after all: ${first?.threads}`);
      if (second && second.answers['take free'] !== 'taken') wrong.push('not well again afterwards');
      // Descriptors that are opened once and kept were opened when that was possible.
      if (second && third && third.descriptors !== second.descriptors) {
        wrong.push(`descriptors: ${second.descriptors}, then ${third.descriptors}`);
      }
    } finally {
      await scarce.kill();
    }
    live.send();
    if ((await live.line()) !== 'held') wrong.push('THEFT: the live owner lost its lock');
    await live.kill();
    await tidy(scene, backend, wrong);
  } finally {
    await live.kill();
    await dead.kill();
    rmSync(scene, { recursive: true });
  }
  return { wrong, answers, died };
}

/**
 * Checks that the next process gets every lock, and that nothing is left when it is done.
 * @param {string} scene
 * @param {string} backend
 * @param {string[]} wrong
 */
async function tidy(scene, backend, wrong) {
  const script = `import { acquireLockSync } from ${JSON.stringify(new URL('../../../dist/index.js', import.meta.url).href)};
    for (const name of ['live', 'dead', 'free', 'warm']) acquireLockSync(${JSON.stringify(`${scene}/`)} + name + '.lock', { timeout: 8000, ownerlessGrace: 100 }).releaseSync();`;
  await sleep(110);
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: { ...process.env, KERNEL_IDENTITY_BACKEND: backend },
  });
  if (status !== 0) wrong.push(`wedged: ${stderr}`);
  // The private directories of another user can be swept only by that user; their names show the lock to
  // which they belong.
  const left = readdirSync(scene);
  if (left.length > 0) wrong.push(`left behind: ${left.join(', ')}`);
}

/** @param {number} kib */
function limitMemory(kib) {
  return async (/** @type {number} */ pid) => {
    const [, used] = /^VmSize:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    prlimit(pid, `--as=${(Number(used) + kib) * 1024}:`);
    return async () => prlimit(pid, '--as=unlimited:');
  };
}

/** @param {number} pid */
async function forbidThreads(pid) {
  const [, allowed] = /^Max processes +\S+ +(\S+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8')) ?? [];
  prlimit(pid, '--nproc=1:', asUser());
  return async () => prlimit(pid, `--nproc=${allowed}:`, asUser());
}

/**
 * @param {number} pid
 * @param {string} limit
 * @param {string[]} user command that runs as the process's user, because root may lack the capability to
 * limit another's process
 */
function prlimit(pid, limit, user = []) {
  const [command = '', ...args] = [...user, 'prlimit', `--pid=${pid}`, limit];
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`prlimit ${limit}: ${stderr}`);
}

function asUser() {
  return ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--clear-groups'];
}

/** @param {string} what */
function withoutInotify(what) {
  const script = `echo 0 >/proc/sys/user/max_inotify_${what} && exec "$@"`;
  return ['unshare', '--user', '--map-root-user', 'sh', '-c', script, 'sh'];
}

/**
 * @param {string} call
 * @param {string} error
 * @param {string} when
 */
function refuse(call, error, when) {
  return async (/** @type {number} */ pid) => {
    const args = [
      '-f',
      '-q',
      '-e',
      `trace=${call}`,
      '-e',
      `inject=${call}:error=${error}:when=${when}`,
      '-p',
      String(pid),
      '-o',
      '/dev/null',
    ];
    const tracer = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const gone = new Promise((resolve) => tracer.once('close', resolve));
    while (
      !/^TracerPid:\s+[1-9]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')) &&
      tracer.exitCode === null
    ) {
      await sleep(5);
    }
    if (tracer.exitCode !== null) throw new Error('strace cannot trace here');
    // The pause lets strace attach to its other threads as well.
    await sleep(30);
    return async () => {
      tracer.kill('SIGINT');
      // If a process ends while strace attaches to it, strace waits for that for ever.
      const limit = setTimeout(() => tracer.kill('SIGKILL'), 5000);
      await gone;
      clearTimeout(limit);
    };
  };
}

/**
 * @param {string[]} command
 * @param {NodeJS.ProcessEnv} env
 */
function start(command, env) {
  const [file = '', ...args] = command;
  const child = spawn(file, args, { env, stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.on('error', () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const gone = new Promise((resolve) => child.once('close', resolve));
  const limit = setTimeout(() => child.kill('SIGKILL'), 60_000);
  return {
    pid: child.pid ?? 0,
    send: () => child.stdin.write('\n'),
    /** null when it has ended. */
    line: async () => {
      const { value, done } = await lines.next();
      return done === true ? null : /** @type {string} */ (value);
    },
    kill: async () => {
      clearTimeout(limit);
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** @param {number} length */
function range(length) {
  return Array.from({ length }, (_, index) => index);
}
