import type { SpawnOptions } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Comparison } from '../../src/identity/compare.js';
import type { ProcessIdentity } from '../../src/identity/process-identity.js';
import type { JudgeOptions } from '../../src/judge/judge.js';
import type { Verdict } from '../../src/judge/verdict.js';
import type { LockInspection } from '../../src/lock/inspect.js';
import type { AcquireOptions } from '../../src/lock/options.js';
import type { InspectOptions } from '../../src/lock/protocol/assess.js';
import type { ReclaimResult } from '../../src/lock/reclaim.js';
import type { OwnerRecord } from '../../src/record/owner-record.js';
import type { AnyName } from './backends.js';
import type { Box, BoxStartOptions } from './box.js';
import { fixture, hostPidOf, startProcess, type TestProcess } from './processes.js';
import { until } from './until.js';

export interface AgentOptions {
  /** The box in which the agent runs. Default: none, it runs on this machine. */
  readonly box?: Box;
  readonly backend?: AnyName;
  /** The number that it must have in the box. */
  readonly pid?: number;
  /** Needs root. */
  readonly uid?: number;
  /** A command that runs another one, which is appended to it. */
  readonly through?: readonly string[];
  readonly cwd?: string;
  /** Command-line options of node itself. */
  readonly nodeOptions?: readonly string[];
}

/** The result of a call, and what the call cost the agent. */
interface Timed<T> {
  readonly value: T;
  readonly wallMs: number;
  readonly cpuMs: number;
}

interface Failure {
  readonly error: { readonly message: string };
}

/** The options that can be sent through a pipe. */
type Acquire = Omit<AcquireOptions, 'signal' | 'onWait'>;

/** The longest that a call of an agent may take. A call that hangs fails the test after this time. */
const CALL_TIMEOUT_MS = 20_000;

/**
 * A process that uses the built package as the test asks (test/fixtures/lock-agent.mjs): an owner or an
 * observer.
 */
export class Agent {
  /** Its number in the PID namespace it runs in. */
  readonly pid: number;
  /** Its number on this machine. */
  readonly hostPid: number;
  /** The process that was started for the agent: the agent itself, or the command that it runs through. */
  readonly process: TestProcess;

  constructor(process: TestProcess, pid: number, hostPid: number) {
    this.process = process;
    this.pid = pid;
    this.hostPid = hostPid;
  }

  self(): Promise<ProcessIdentity> {
    return this.#value('self');
  }

  probe(pid: number): Promise<ProcessIdentity | null> {
    return this.#value('probe', { pid });
  }

  judge(owner: ProcessIdentity, options?: JudgeOptions): Promise<Verdict> {
    return this.#value('judge', { owner, options });
  }

  compare(a: ProcessIdentity, b: ProcessIdentity): Promise<Comparison> {
    return this.#value('compare', { a, b });
  }

  inspect(path: string, options?: InspectOptions): Promise<LockInspection> {
    return this.#value('inspect', { path, options });
  }

  reclaim(path: string, options?: InspectOptions): Promise<ReclaimResult> {
    return this.#value('reclaim', { path, options });
  }

  acquire(path: string, options?: Acquire): Promise<Timed<OwnerRecord>> {
    return this.call('acquire', { path, options });
  }

  acquireSync(path: string, options?: Acquire): Promise<Timed<OwnerRecord>> {
    return this.call('acquireSync', { path, options });
  }

  /** `at` is the moment to begin, in ms since the epoch. */
  tryAcquire(path: string, options?: Acquire, at?: number): Promise<OwnerRecord | null> {
    return this.#value('tryAcquire', { path, options, at });
  }

  release(path: string): Promise<void> {
    return this.#value('release', { path });
  }

  verify(path: string): Promise<boolean> {
    return this.#value('verify', { path });
  }

  /** Hands the lock over to a command, and resolves with its number; null when it could not be started. */
  handOver(path: string, command: readonly string[], options?: SpawnOptions): Promise<number | null> {
    return this.#value('handOver', { path, command, options });
  }

  /** Gives up the privileges of root for good, as a daemon does. */
  becomeUser(uid: number): Promise<void> {
    return this.#value('becomeUser', { uid });
  }

  /** Sets the agent's command name, as /proc shows it. */
  rename(name: string): Promise<void> {
    return this.#value('rename', { name });
  }

  /**
   * Sends SIGKILL to the agent only, not to the command that it runs through. Resolves when the kernel has
   * dropped all that the agent held.
   */
  async kill(): Promise<void> {
    if (this.hostPid === this.process.hostPid) {
      await this.process.kill();
      return;
    }
    process.kill(this.hostPid, 'SIGKILL');
    // The status is that of the first thread, which need not be the last one to end.
    await until('the agent is gone, or a zombie', () => {
      const status = statusOf(this.hostPid);
      return status === '' || (/^State:\tZ/m.test(status) && /^Threads:\t1$/m.test(status));
    });
  }

  /** @throws what the call threw in the agent, with its properties. */
  async call<T>(call: string, args: object = {}): Promise<Timed<T>> {
    this.process.send({ call, ...args });
    const answer = await this.process.message<Timed<T> | Failure>(CALL_TIMEOUT_MS);
    if ('error' in answer) throw Object.assign(new Error(answer.error.message), answer.error);
    return answer;
  }

  async #value<T>(call: string, args?: object): Promise<T> {
    return (await this.call<T>(call, args)).value;
  }
}

export async function startAgent(options: AgentOptions = {}): Promise<Agent> {
  const { box, backend, pid, uid, through = [], cwd, nodeOptions = [] } = options;
  const start: BoxStartOptions = {
    env: { KERNEL_IDENTITY_BACKEND: backend ?? '' },
    ...(pid === undefined ? {} : { pid }),
    ...(uid === undefined ? {} : { uid }),
    ...(cwd === undefined ? {} : { cwd }),
  };
  const command = [...through, process.execPath, ...nodeOptions, fixture('lock-agent.mjs')];
  const user = uid === undefined ? [] : ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
  const started =
    box === undefined ? await startProcess([...user, ...command], start) : await box.start(command, start);
  const { pid: own } = await started.message<{ pid: number }>();
  if (own === started.pid) return new Agent(started, own, started.hostPid);
  if (box === undefined) return new Agent(started, own, own);
  const hostPid = await until(`agent ${own} shows in /proc`, () => hostPidOf(own, box.namespaceInode));
  return new Agent(started, own, hostPid);
}

/** Returns /proc/<pid>/status, or an empty string when there is no such process. */
function statusOf(hostPid: number): string {
  try {
    return readFileSync(`/proc/${hostPid}/status`, 'utf8');
  } catch {
    return '';
  }
}
