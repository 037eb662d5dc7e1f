import { readdirSync, readFileSync } from 'node:fs';
import type { Box } from './box.js';
import { fixture, hostPidOf, namespaceOf, type Start, startProcess, type TestProcess } from './processes.js';
import { until } from './until.js';

/** A process that is dead but looks alive, or the other way round. */
interface OddProcess {
  /** Its number in the PID namespace it was started in. */
  readonly pid: number;
  /** Its number on this machine. */
  readonly hostPid: number;
  /** The process that keeps it in its odd state: killing this one ends the state. */
  readonly keeper: TestProcess;
}

/** Starts a process that is killed, and whose parent never waits for it. */
export async function startZombie(box?: Box): Promise<OddProcess> {
  // exec replaces the shell, which would reap, with cat, which never does.
  const script = 'exec 3<&0; sleep 600 3<&- & echo $!; exec cat <&3 >/dev/null';
  const keeper = await starter(box)(['sh', '-c', script]);
  const pid = Number(await keeper.line());
  const hostPid = await locate(pid, keeper);
  await until('the shell becomes cat', () => comm(keeper.hostPid) === 'cat');
  process.kill(hostPid, 'SIGKILL');
  await until('the child becomes a zombie', () => stateOf(hostPid) === 'Z');
  return { pid, hostPid, keeper };
}

/**
 * Starts a live process whose first thread has ended: /proc shows state Z, with two threads
 * (proc_pid_stat(5)).
 */
export async function startLeaderless(box?: Box): Promise<OddProcess> {
  const keeper = await starter(box)(['python3', fixture('leader-exits.py')]);
  await keeper.line();
  await until('the leader becomes a zombie', () => stateOf(keeper.hostPid) === 'Z');
  return { pid: keeper.pid, hostPid: keeper.hostPid, keeper };
}

/** Starts a live node whose command name tries to pass for the fields of a zombie: see {@link ODD_NAME}. */
export async function startOddlyNamed(box?: Box): Promise<OddProcess> {
  const keeper = await starter(box)([process.execPath, fixture('odd-name.mjs'), ODD_NAME]);
  await keeper.line();
  return { pid: keeper.pid, hostPid: keeper.hostPid, keeper };
}

/** The name has at most 15 bytes (PR_SET_NAME of prctl(2)). */
export const ODD_NAME = ') Z 1 \n(';

/** Returns a number that is only a thread of the process: pidfd_open refuses it, kill and /proc do not. */
export function threadIdOf(hostPid: number): number {
  const other = readdirSync(`/proc/${hostPid}/task`).find((id) => Number(id) !== hostPid);
  if (other === undefined) throw new Error(`process ${hostPid} has one thread only`);
  return Number(other);
}

function starter(box: Box | undefined): Start {
  return box === undefined ? startProcess : (command, options) => box.start(command, options);
}

/** Returns the number on this machine of a child that printed its own number. */
function locate(pid: number, parent: TestProcess): Promise<number> {
  const namespace = namespaceOf(parent.hostPid);
  return until(`process ${pid} shows in /proc`, () =>
    namespace === undefined ? undefined : hostPidOf(pid, namespace),
  );
}

function comm(hostPid: number): string {
  return readFileSync(`/proc/${hostPid}/comm`, 'utf8').trimEnd();
}

export function stateOf(hostPid: number): string | undefined {
  const text = readFileSync(`/proc/${hostPid}/stat`, 'latin1');
  return text.slice(text.lastIndexOf(')') + 2)[0];
}
