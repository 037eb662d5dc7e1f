// A container in miniature: a PID namespace with its own /proc, in which a program runs as PID 7, as a gateway does
// behind an init and a shell. unshare(1) of util-linux makes it, as root or through a user namespace.
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const UNSHARE = [
  ...(process.getuid() === 0 ? [] : ['--user', '--map-root-user']),
  ...['--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc'],
];
const AS_PID_7 = 'echo 6 >/proc/sys/kernel/ns_last_pid; "$@" & wait $!';
const GATEWAY = fileURLToPath(new URL('./gateway.mjs', import.meta.url));

/** null: containers can be made here; else why not. */
export function whyNoContainers() {
  if (process.platform !== 'linux') return `this is ${process.platform}`;
  const { error, status, stderr } = spawnSync('unshare', [...UNSHARE, 'true'], { encoding: 'utf8' });
  if (error) return `unshare(1) of util-linux: ${error.code}`;
  return status === 0 ? null : stderr.trim();
}

/** Starts the gateway in a container of its own, or beside this process where there are none. */
export function startGateway(lockPath, name, { contained }) {
  const gateway = [process.execPath, GATEWAY, lockPath, name];
  const command = contained ? ['unshare', ...UNSHARE, 'sh', '-c', AS_PID_7, 'sh', ...gateway] : gateway;
  const child = spawn(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async next() {
      const { value, done } = await lines.next();
      if (done) throw new Error(`the gateway ${name} ended before it answered`);
      return JSON.parse(value);
    },
    /** As `docker kill`: the init dies, and the kernel ends the whole namespace with it. */
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
