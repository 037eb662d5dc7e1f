import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Exit,
  fixture,
  hostPidOf,
  type Launched,
  launch,
  namespaceOf,
  type StartOptions,
  startProcess,
  TestProcess,
} from './processes.js';
import { userNamespaceFlags } from './requirements.js';
import { tempDir } from './temp-dir.js';
import { until } from './until.js';

/**
 * The /proc that the processes of a box see.
 * - `own`: the one of their PID namespace
 * - `foreign`: still the one of this machine, where their numbers belong to other processes
 * - `none`: an empty directory
 * - `subset-pid`: processes, but nothing else, so no boot_id (proc(5), `subset=pid`)
 * - `hidepid`: users other than root see only their own processes (proc(5), `hidepid=2`)
 */
export type BoxProc = 'own' | 'foreign' | 'none' | 'subset-pid' | 'hidepid';

export interface BoxOptions {
  readonly proc?: BoxProc;
  /** Opens a time namespace in which CLOCK_BOOTTIME is ahead by this much. Nanoseconds need perl. */
  readonly bootOffset?: { readonly seconds: number; readonly nanoseconds?: number };
  /** The content mounted over /proc/sys/kernel/random/boot_id, as LXC and systemd-nspawn do. */
  readonly bootId?: string;
  readonly hostname?: string;
  /** The command that runs as PID 1, instead of a process that does nothing but reap. */
  readonly init?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Uses a user namespace even for root. Without root a user namespace is always used. */
  readonly userNamespace?: boolean;
}

export interface BoxStartOptions extends StartOptions {
  /** The number it must have in the box. Its exit codes above 128 are then reported as signals. */
  readonly pid?: number;
  /** The user id, and the group id as well. Needs root. */
  readonly uid?: number;
}

/** A container in miniature: PID, mount and UTS namespaces around an init. */
export class Box {
  /** PID 1 of the box. */
  readonly init: TestProcess;
  /** Inode of its PID namespace. */
  readonly namespaceInode: string;
  readonly #options: BoxOptions;
  readonly #control: string;

  constructor(init: TestProcess, namespaceInode: string, control: string, options: BoxOptions) {
    this.init = init;
    this.namespaceInode = namespaceInode;
    this.#control = control;
    this.#options = options;
  }

  /** Runs a command in the box, as `docker exec` does. */
  async start(command: readonly string[], options: BoxStartOptions = {}): Promise<TestProcess> {
    const { pid, uid, cwd = process.cwd(), ...rest } = options;
    const user = uid === undefined ? [] : ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
    const enter = ['nsenter', `--target=${this.init.hostPid}`, '--pid', '--mount', '--uts'];
    if (this.#options.bootOffset !== undefined) enter.push('--time');
    if (usesUserNamespace(this.#options)) enter.push('--user', '--preserve-credentials');
    const lastPid = pid === undefined ? '' : join(this.#control, 'sys/kernel/ns_last_pid');
    const shell = ['sh', '-c', START, 'sh', cwd, lastPid, String(pid ?? '')];

    const launched = launch([...enter, '--', ...shell, ...user, ...command], rest);
    if (pid !== undefined) launched.exited = launched.exited.then(fromShell);
    const inside = Number(await launched.announced());
    const hostPid = await until(`process ${inside} of the box shows in /proc`, () =>
      hostPidOf(inside, this.namespaceInode),
    );
    return proceed(launched, inside, hostPid);
  }

  /** Runs a script of test/fixtures with node. */
  node(script: string, args: readonly string[] = [], options: BoxStartOptions = {}): Promise<TestProcess> {
    return this.start([process.execPath, fixture(script), ...args], options);
  }

  /** Sends SIGKILL to the init, as `docker kill` does: the kernel then ends every process of the box. */
  async kill(): Promise<void> {
    await this.init.kill();
  }
}

/** Opens a box; it is killed when the test is over. */
export async function openBox(options: BoxOptions = {}): Promise<Box> {
  const { proc = 'own', bootOffset, bootId, hostname, init, env } = options;
  const control = tempDir();
  const bootIdFile = bootId === undefined ? '' : join(tempDir(), 'boot_id');
  if (bootId !== undefined) writeFileSync(bootIdFile, `${bootId}\n`);

  const unshare = ['unshare', '--pid', '--fork', '--kill-child=SIGKILL', '--mount', '--uts'];
  const user = usesUserNamespace(options) ? ['--user', '--map-root-user'] : [];
  const around: string[] = [];
  if (bootOffset?.nanoseconds) {
    // unshare(1) knows whole seconds only. The user namespace comes first, because it must own the time
    // namespace.
    if (user.length > 0) around.push('unshare', ...user, '--');
    around.push(
      'perl',
      fixture('unshare-time.pl'),
      String(bootOffset.seconds),
      String(bootOffset.nanoseconds),
    );
  } else {
    unshare.push(...user);
    if (bootOffset !== undefined) unshare.push('--time', `--boottime=${bootOffset.seconds}`);
  }
  const shell = ['sh', '-c', SETUP, 'sh', control, proc, bootIdFile, hostname ?? ''];
  const command = [...around, ...unshare, '--', ...shell, ...(init ?? REAPER)];

  const launched = launch(command, env === undefined ? {} : { env });
  const hostPid = Number(await launched.announced());
  const inode = namespaceOf(hostPid);
  if (inode === undefined) throw new Error(`the init ${hostPid} of the box cannot be seen`);
  return new Box(proceed(launched, 1, hostPid), inode, control, options);
}

/**
 * Kills the box and opens others until one has the same PID namespace inode, because the kernel hands out a
 * freed number again, as it does for a restarted container. Fails when that takes more than `attempts`.
 */
export async function reopenBox(box: Box, options: BoxOptions = {}, attempts = 50): Promise<Box> {
  await box.kill();
  const holders: TestProcess[] = [];
  try {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      // The dead namespace is freed a moment after its last process (delayed by RCU).
      await sleep(120);
      const next = await openBox(options);
      if (next.namespaceInode === box.namespaceInode) return next;
      const below = BigInt(next.namespaceInode) < BigInt(box.namespaceInode);
      await next.kill();
      // The lowest free number is handed out first. Some numbers that were taken when the first box was
      // opened can be free by now. Take those again, one by one, until the number of the first box is the
      // next.
      if (below) holders.push(await holdNamespaceNumber());
      else await holders.pop()?.kill();
    }
    throw new Error(`namespace ${box.namespaceInode} did not recur in ${attempts} tries`);
  } finally {
    for (const holder of holders) await holder.kill();
  }
}

/** Takes one inode number; the kernel numbers the namespaces of all kinds together. */
async function holdNamespaceNumber(): Promise<TestProcess> {
  const kind = userNamespaceFlags().length > 0 ? '--user' : '--uts';
  const holder = await startProcess(['unshare', kind, '--', 'sh', '-c', 'echo held; exec cat']);
  await holder.line();
  return holder;
}

/**
 * Lasts until its stdin ends and does nothing else, so that a box does not outlive the test that holds the
 * pipe.
 */
const REAPER = ['sh', '-c', "trap '' CHLD; exec cat >/dev/null"];

// This script runs in a fresh namespace and makes a box of it: $1 where to keep a full /proc for the tests,
// $2 BoxProc, $3 a file for boot_id, $4 the hostname. /proc/self/stat is read before /proc is covered,
// because it shows the number on this machine. A shell builtin reads it, since a program would be another
// process.
const SETUP = `
set -e
read -r host rest </proc/self/stat
control=$1 proc=$2 boot_id=$3 hostname=$4
shift 4
mount -t proc proc "$control"
if [ -n "$hostname" ]; then hostname "$hostname"; fi
case $proc in
  own) mount -t proc proc /proc ;;
  subset-pid) mount -t proc -o subset=pid proc /proc ;;
  hidepid) mount -t proc -o hidepid=2 proc /proc ;;
  none) mount -t tmpfs none /proc ;;
esac
if [ -n "$boot_id" ]; then mount --bind "$boot_id" /proc/sys/kernel/random/boot_id; fi
echo "$host" >&3
read -r go <&3
exec 3>&-
exec "$@"
`;

// This script starts a command in a box: $1 its directory, $2 the file that sets the next PID
// (pid_namespaces(7)) or nothing, $3 the PID. The shell stays as the parent when the number matters, because
// nsenter itself has taken one. A background command of sh(1) reads from /dev/null unless it is redirected.
// The command waits for a line on descriptor 3, so that even a short one can be found in /proc while it
// exists.
const START = `
cd "$1" || exit 125
last_pid=$2 pid=$3
shift 3
if [ -z "$pid" ]; then
  echo $$ >&3
  read -r go <&3
  exec 3>&-
  exec "$@"
fi
exec 4<&0
echo $((pid - 1)) >"$last_pid" || exit 125
{ read -r go <&3; exec <&4 3>&- 4<&-; exec "$@"; } &
if [ $! != "$pid" ]; then
  echo "the next PID was $!, not $pid: that one is taken" >&2
  kill -9 $!
  exit 125
fi
echo $! >&3
exec 3>&- 4<&- </dev/null
wait $!
`;

/**
 * A shell that waited for a killed command exits with 128 + signal (sh(1)), so this cannot be distinguished
 * from an exit with that code.
 */
function fromShell({ code, signal }: Exit): Exit {
  if (code === null || code <= 128) return { code, signal };
  const name = Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0];
  return name === undefined ? { code, signal } : { code: null, signal: name as NodeJS.Signals };
}

function usesUserNamespace(options: BoxOptions): boolean {
  return options.userNamespace ?? userNamespaceFlags().length > 0;
}

/** Lets the command begin, now that its number on this machine is known. */
function proceed(launched: Launched, pid: number, hostPid: number): TestProcess {
  const { child, exited, output } = launched;
  launched.hostPid = hostPid;
  launched.proceed();
  return new TestProcess(child, pid, hostPid, exited, output);
}
