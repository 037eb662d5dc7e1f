// Runs a part in a process with its own PID and mount namespaces, so that everything that it started and
// mounted goes when it ends, however it ends, even by SIGKILL of the runner.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { foldersOf, removeGroups } from './cgroups.mjs';

/** @typedef {import('./report.mjs').Row} Row */

const ENTRY = fileURLToPath(new URL('part.mjs', import.meta.url));
const PREFIX = 'ki-deep-';
/** ms for a part that was asked to stop. */
const GRACE_MS = 15_000;

// The shell as PID 1 reaps what the part leaves, because a zombie would keep its PID namespace. A background
// command reads from /dev/null unless it is redirected. node must not be PID 1, because it reaps only its own
// children.
const REAPER = 'exec 4<&0; "$@" <&4 4<&- & exec 4<&- </dev/null; wait $!';
const ENCLOSE = [
  ...['setpriv', '--pdeathsig', 'KILL', 'unshare', '--mount', '--propagation=private', '--pid', '--fork'],
  ...['--kill-child=SIGKILL', '--mount-proc', 'sh', '-c', REAPER, 'sh'],
];

/**
 * @param {string} name
 * @param {{ slice: boolean, cycles: number, minutes: number }} settings
 * @param {(row: Row) => void} take
 * @returns {{ ended: Promise<string | null>, stop: () => void }} `ended`: how it went wrong; null when it did
 * not
 */
export function startPart(name, { slice, cycles, minutes }, take) {
  const cgroup = `${PREFIX}${process.pid}`;
  const directory = mkdtempSync(join(tmpdir(), `${cgroup}-${name}-`));
  const options = JSON.stringify({ slice, cycles, cgroup, directory });
  const enclose = process.getuid?.() === 0 ? ENCLOSE : [];
  const [command = '', ...args] = [...enclose, process.execPath, ENTRY, name, options];
  // The part has its own process group, so Ctrl-C reaches only the runner, which then asks the part to stop.
  const child = spawn(command, args, { stdio: ['pipe', 'inherit', 'inherit', 'pipe'], detached: true });
  child.stdin?.on('error', () => {});

  const rows = createInterface({ input: /** @type {import('node:stream').Readable} */ (child.stdio[3]) });
  rows.on('line', (line) => take(JSON.parse(line)));
  const closed = new Promise((resolve) => rows.once('close', resolve));

  let stopped = false;
  let late = false;
  /** @type {NodeJS.Timeout | undefined} */
  let last;
  const stop = () => {
    stopped = true;
    child.stdin?.end();
    last ??= setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  };
  const limit = setTimeout(() => {
    late = true;
    stop();
  }, minutes * 60_000);

  /** @type {Promise<string | null>} */
  const exited = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => {
      if (late) resolve(`not done after ${minutes} minutes`);
      else if (stopped) resolve('interrupted');
      else resolve(code === 0 ? null : `ended with ${signal ?? `exit code ${code}`}`);
    });
  });
  const ended = exited.then(async (problem) => {
    clearTimeout(limit);
    clearTimeout(last);
    await closed;
    await removeGroups((group) => group === cgroup);
    rmSync(directory, { recursive: true, force: true });
    return problem;
  });
  return { ended, stop };
}

/**
 * Removes what killed runners have left. If another process has the number of a runner by now, its things are
 * left to a later run.
 */
export async function sweep() {
  const gone = (/** @type {string} */ name) => {
    const [, pid] = /^ki-deep-(\d+)/.exec(name) ?? [];
    return pid !== undefined && !existsSync(`/proc/${pid}`);
  };
  await removeGroups(gone);
  for (const name of foldersOf(tmpdir())) {
    if (gone(name)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}
