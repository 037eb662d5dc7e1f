import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Talker } from '../harness/processes.mjs';

/** Runs the command that follows it as the first process of a PID namespace with a /proc of its own. */
const UNSHARE = [
  'unshare',
  ...(process.getuid() === 0 ? [] : ['--user', '--map-root-user']),
  '--pid',
  '--fork',
  '--kill-child=SIGKILL',
  '--mount-proc',
];

/** Returns why no PID namespace can be made here; null when one can. */
export async function whyNoNamespaces() {
  const [command, ...flags] = UNSHARE;
  const attempt = spawn(command, [...flags, 'true'], { stdio: 'ignore' });
  const ended = once(attempt, 'exit').then(([code]) => code === 0);
  const works = await Promise.race([ended, once(attempt, 'error').then(() => false)]);
  return works ? null : 'no PID namespace can be made here';
}

/** A node script of bench/ that runs as pid 1 of a new PID namespace. */
export function boxedScript(script, ...args) {
  return new Boxed(process.execPath, fileURLToPath(new URL(`../${script}`, import.meta.url)), ...args);
}

/** A program that runs as pid 1 of a new PID namespace. `pid` is its pid in our namespace. */
export class Boxed extends Talker {
  constructor(program, ...args) {
    // unshare(1) complains when the process was killed; what the program itself writes to stderr is shown.
    const quiet = 'exec "$@" 3>&2 2>/dev/null';
    super('sh', '-c', quiet, 'sh', ...UNSHARE, 'sh', '-c', 'exec "$@" 2>&3 3>&-', 'sh', program, ...args);
  }

  get pid() {
    const parent = this.child.pid;
    return Number.parseInt(readFileSync(`/proc/${parent}/task/${parent}/children`, 'latin1'), 10);
  }
}
