import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/**
 * A process that is the first of a PID namespace below ours.
 * @returns { pid, kill }, its pid as we see it, or why there is none.
 */
export async function startBelow() {
  const asUser = process.getuid() === 0 ? [] : ['--user', '--map-root-user'];
  const flags = [...asUser, '--pid', '--fork', '--kill-child=SIGKILL'];
  const parent = spawn('unshare', [...flags, 'sh', '-c', 'echo; exec sleep 600'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const started = await Promise.race([
    once(parent.stdout, 'data').then(() => true),
    once(parent, 'exit').then(() => false),
    once(parent, 'error').then(() => false),
  ]);
  if (!started) return 'unshare cannot make a PID namespace here';
  const children = readFileSync(`/proc/${parent.pid}/task/${parent.pid}/children`, 'latin1');
  return { pid: Number.parseInt(children, 10), kill: (signal) => parent.kill(signal) };
}
