// The commands for locks on an engine. It is a file of its own, because most calls of the program need no engine.
import { readFileSync } from 'node:fs';
import { monotonicMs } from '../backend/monotonic-clock.js';
import { toFailure } from '../dump/failure.js';
import type { LockDump } from '../dump/types.js';
import { Agent, type AgentEvents } from '../engine/agent.js';
import type { EngineLock } from '../engine/engine-lock.js';
import type { EngineLocks } from '../engine/engine-locks.js';
import { parseAddress } from '../engine/etcd/address.js';
import { etcdLocksAt } from '../engine/etcd/locks.js';
import type { EtcdOptions } from '../engine/etcd/options.js';
import type { NamedAcquireOptions, NamedInspection, NamedReclaimResult } from '../engine/locks.js';
import { within } from '../engine/within.js';
import type { InspectOptions } from '../lock/protocol/assess.js';
import { LockTimeoutError } from '../lock/timeout-error.js';
import { Reporter } from '../lock/waiting/reporter.js';
import { Wakeup } from '../lock/waiting/wakeup.js';
import { UsageError } from './arguments.js';
import { parseDuration } from './duration.js';

/** Milliseconds between two reports of a wait at most. */
const LOOK = 10_000;

/** What an option of the command line says of the judging. */
type Judging = Pick<InspectOptions, 'trustBootId'>;

/** The lock under which `run` starts its command. */
export type RunLock = Pick<EngineLock, 'signal' | 'release' | 'optionsOfHeir'>;

/** Milliseconds for which a program that is told to end tries to release its lock, which else falls with its lease. */
const HURRY = 2_000;

/**
 * Acquires the lock at an address. Its release ends the connection as well.
 * @param isToEnd whether the program was told to end by the time of the release.
 */
export async function acquireAt(
  address: string,
  options: NamedAcquireOptions & { readonly handedOver: boolean },
  judging: Judging,
  isToEnd: () => boolean,
): Promise<RunLock> {
  const locks = open(address, judging);
  try {
    const lock = await locks.acquireAs(nameIn(address), options);
    return {
      signal: lock.signal,
      optionsOfHeir: (given) => lock.optionsOfHeir(given),
      async release() {
        const patience = isToEnd() ? HURRY : Number.POSITIVE_INFINITY;
        try {
          await within(lock.release(), patience, () => locks.engine.unavailable(patience));
        } finally {
          await locks.close();
        }
      },
    };
  } catch (error) {
    await locks.close().catch(() => {});
    throw error;
  }
}

export function inspectAt(address: string, judging: Judging): Promise<NamedInspection> {
  return use(address, judging, (locks) => locks.inspect(nameIn(address)));
}

/** The locks of an address: one, or all that somebody holds where it ends with a slash. */
export async function locksAt(address: string, judging: Judging): Promise<readonly NamedInspection[]> {
  const isOne = parseAddress(address).name !== '';
  return isOne ? [await inspectAt(address, judging)] : use(address, judging, (locks) => locks.inspectAll());
}

/** What `dump` says of a lock. An error of the server is a part of that. @throws UsageError for a wrong address. */
export function dumpAt(address: string): Promise<LockDump> {
  const name = nameIn(address);
  return use(address, {}, async (locks) => {
    const report = { path: `${locks.address}${name}`, filesystem: null, oneKernel: false, holders: [] };
    try {
      return { ...report, inspection: await locks.inspect(name), error: null };
    } catch (error) {
      return { ...report, inspection: null, error: toFailure(error) };
    }
  });
}

export function reclaimAt(address: string, judging: Judging): Promise<NamedReclaimResult> {
  return use(address, judging, (locks) => locks.reclaim(nameIn(address)));
}

/** Waits until nobody holds the lock, or its owner is dead. @throws LockTimeoutError (ERR_LOCK_TIMEOUT). */
export function waitAt(
  address: string,
  options: Pick<NamedAcquireOptions, 'timeout' | 'onWait'>,
  judging: Judging,
): Promise<void> {
  return use(address, judging, async (locks) => {
    const { timeout = Number.POSITIVE_INFINITY } = options;
    const name = nameIn(address);
    const startedAt = monotonicMs();
    const reporter = new Reporter(`${locks.address}${name}`, options);
    const wakeup = new Wakeup();
    // One look is made in any case, and takes the time of a call.
    const patience = timeout > 0 ? timeout : Number.POSITIVE_INFINITY;
    let last = await within(locks.inspect(name), patience, () => locks.engine.unavailable(patience));
    const watch = await locks.watch(name, (inspection) => {
      last = inspection;
      wakeup.wake();
    });
    try {
      for (;;) {
        if (last.state === 'free' || last.state === 'stale') return;
        const waited = monotonicMs() - startedAt;
        const report = reporter.report({ ...last, moving: false, lookAgainIn: LOOK }, waited);
        if (waited >= timeout) throw new LockTimeoutError(report, timeout);
        await wakeup.wait(Math.min(LOOK, timeout - waited, reporter.dueIn(report)), undefined);
      }
    } finally {
      watch.close();
    }
  });
}

/** Runs the agent for all locks of an address, until the signal aborts. */
export function runAgent(
  address: string,
  settle: number,
  events: AgentEvents,
  signal: AbortSignal,
): Promise<void> {
  if (parseAddress(address).name !== '') {
    throw new UsageError('the agent serves all locks below an address, which ends with a slash');
  }
  return use(
    address,
    { trustBootId: false },
    ({ engine, proof }) => new Agent(engine, proof, events).run(signal),
    {
      settle,
    },
  );
}

async function use<T>(
  address: string,
  judging: Judging,
  action: (locks: EngineLocks) => Promise<T>,
  more: Partial<EtcdOptions> = {},
): Promise<T> {
  const locks = open(address, judging, more);
  try {
    return await action(locks);
  } finally {
    await locks.close();
  }
}

function open(
  address: string,
  { trustBootId = false }: Judging,
  more: Partial<EtcdOptions> = {},
): EngineLocks {
  try {
    return etcdLocksAt(address, { ...fromEnvironment(process.env), trustBootId, ...more });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/**
 * What an address cannot carry, from the environment variables of etcdctl. A secret on the command line could be read by
 * every process of the machine.
 */
function fromEnvironment(env: NodeJS.ProcessEnv): Partial<EtcdOptions> {
  const { ETCDCTL_CACERT, ETCDCTL_CERT, ETCDCTL_KEY, ETCDCTL_USER, ETCDCTL_PASSWORD } = env;
  const ttl = env.KERNEL_IDENTITY_ETCD_TTL;
  const files = { ca: ETCDCTL_CACERT, cert: ETCDCTL_CERT, key: ETCDCTL_KEY };
  const given = Object.entries(files).flatMap(([name, path]) => (path ? [[name, readFileSync(path)]] : []));
  return {
    ...(given.length > 0 ? { tls: Object.fromEntries(given) } : {}),
    ...(ETCDCTL_USER ? { auth: credentials(ETCDCTL_USER, ETCDCTL_PASSWORD) } : {}),
    ...(ttl ? { ttl: parseDuration(ttl) } : {}),
  };
}

/** `name`, or `name:password` as etcdctl takes it. */
function credentials(user: string, password: string | undefined): { username: string; password: string } {
  const colon = user.indexOf(':');
  if (password !== undefined || colon < 0) return { username: user, password: password ?? '' };
  return { username: user.slice(0, colon), password: user.slice(colon + 1) };
}

function nameIn(address: string): string {
  const { name } = parseAddress(address);
  if (name === '')
    throw new UsageError(`the address '${address}' is that of all locks; the name of one is missing`);
  return name;
}
