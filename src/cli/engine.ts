// The commands for locks on an engine. It is a file of its own, because most calls of the program need no engine.
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from '../backend/monotonic-clock.js';
import { toFailure } from '../dump/failure.js';
import type { LockDump } from '../dump/types.js';
import { Agent, type AgentEvents } from '../engine/agent.js';
import type { EngineLock } from '../engine/engine-lock.js';
import type { EngineLocks } from '../engine/engine-locks.js';
import { parseAddress } from '../engine/etcd/address.js';
import { etcdLocksAt } from '../engine/etcd/locks.js';
import type { OptionsAtAddress } from '../engine/etcd/options.js';
import type { NamedAcquireOptions, NamedInspection } from '../engine/locks.js';
import { reclaimPatiently } from '../engine/reclaim-patiently.js';
import { within } from '../engine/within.js';
import { EngineRestoredError } from '../errors.js';
import type { InspectOptions } from '../lock/protocol/assess.js';
import { LockTimeoutError } from '../lock/timeout-error.js';
import { Reporter } from '../lock/waiting/reporter.js';
import { Wakeup } from '../lock/waiting/wakeup.js';
import { UsageError } from './arguments.js';
import { fromEnvironment } from './etcd-environment.js';

/** Milliseconds between two reports of a wait at most. */
const LOOK = 10_000;

/** Milliseconds before the agent opens a new session. */
const RESTART = 1_000;

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

export function reclaimAt(
  address: string,
  judging: Judging,
  options: Parameters<typeof reclaimPatiently>[2],
): ReturnType<typeof reclaimPatiently> {
  return use(address, judging, (locks) => reclaimPatiently(locks, nameIn(address), options));
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

/** What the agent reports, over all its sessions. */
export interface AgentReports extends AgentEvents {
  /** The server is another one than before, so that the agent opens a new session with it. */
  readonly restored: (error: EngineRestoredError) => void;
}

/** Runs the agent for all locks of an address, until the signal aborts. */
export async function runAgent(
  address: string,
  settle: number,
  events: AgentReports,
  signal: AbortSignal,
): Promise<void> {
  if (parseAddress(address).name !== '') {
    throw new UsageError('the agent serves all locks below an address, which ends with a slash');
  }
  const runOnce = ({ engine, proof }: EngineLocks) => new Agent(engine, proof, events).run(signal);
  while (!signal.aborted) {
    try {
      await use(address, { trustBootId: false }, runOnce, { settle });
    } catch (error) {
      if (!(error instanceof EngineRestoredError)) throw error;
      events.restored(error);
      // Two clusters behind one address would make it turn in a circle.
      await sleep(RESTART, undefined, { signal }).catch(() => {});
    }
  }
}

async function use<T>(
  address: string,
  judging: Judging,
  action: (locks: EngineLocks) => Promise<T>,
  more: OptionsAtAddress = {},
): Promise<T> {
  const locks = open(address, judging, more);
  try {
    return await action(locks);
  } finally {
    await locks.close();
  }
}

function open(address: string, { trustBootId = false }: Judging, more: OptionsAtAddress = {}): EngineLocks {
  try {
    return etcdLocksAt(address, { ...fromEnvironment(process.env), trustBootId, ...more });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function nameIn(address: string): string {
  const { name } = parseAddress(address);
  if (name === '')
    throw new UsageError(
      `the address '${address}' is that of all locks; the name of one is missing; kernel-identity list shows them`,
    );
  return name;
}
