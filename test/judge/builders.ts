import type { Namesake } from '../../src/identity/namesakes.js';
import type { ObservedProcess } from '../../src/identity/observe-process.js';
import type { ProcessIdentity } from '../../src/identity/process-identity.js';
import type { Observation } from '../../src/judge/observation.js';
import type { JudgeOptions } from '../../src/judge/options.js';
import type { StrangerObservation } from '../../src/judge/strangers/observation.js';
import { decide } from '../../src/judge/table.js';
import type { Verdict } from '../../src/judge/verdict.js';
import type { OwnerRecord } from '../../src/record/owner-record.js';

/**
 * One ordinary scene, of which each test changes the part that it is about. The owner, process 7, recorded
 * itself in full on ext and still runs. The observer is process 900 of the same PID namespace and sees
 * everything.
 */

export const BOOT = '11111111-1111-4111-8111-111111111111';
export const OTHER_BOOT = '22222222-2222-4222-8222-222222222222';
export const NAMESPACE = { inode: '4026532001', id: '71' };
export const OTHER_NAMESPACE = { inode: '4026532002', id: '72' };
export const OWNER_TICKS = 5000;
const OWNER_INODE = '12345678901234567890';
export const WITNESS = { device: '64512', fsid: 'abcdef0123456789', inode: '4711', directory: '4710' };

/** The owner's identity. */
export function identity(overrides: Partial<ProcessIdentity> = {}): ProcessIdentity {
  return {
    version: 1,
    platform: 'linux',
    pid: 7,
    startTicks: String(OWNER_TICKS),
    startTolerance: 0,
    bootId: BOOT,
    bootIdNative: true,
    pidNamespace: NAMESPACE,
    pidfdInode: OWNER_INODE,
    lifeline: null,
    hostname: 'gateway',
    containerId: null,
    ...overrides,
  };
}

/** The observer's identity. */
export function observer(overrides: Partial<ProcessIdentity> = {}): ProcessIdentity {
  return identity({ pid: 900, startTicks: '9000', pidfdInode: '999', ...overrides });
}

/** A record of this package; `owner` changes the identity in it. */
export function record(
  owner: Partial<ProcessIdentity> = {},
  overrides: Partial<OwnerRecord> = {},
): OwnerRecord {
  const recorded = identity(owner);
  return {
    version: 1,
    pid: recorded.pid,
    starttime: OWNER_TICKS,
    recordedAt: { ms: 1_777_458_804_809, resolutionMs: 1, source: 'record' },
    nonce: '0123456789abcdef0123456789abcdef',
    identity: recorded,
    filesystem: 'ext',
    witness: null,
    lifeline: null,
    lease: null,
    handedOver: false,
    label: null,
    machine: null,
    claims: null,
    problem: null,
    ...overrides,
  };
}

export function observation(overrides: Partial<Observation> = {}): Observation {
  return {
    platform: 'linux',
    self: observer(),
    isNonceOfThisThread: true,
    heldByThisProcess: false,
    copyOfOwnLock: false,
    givenUpByThisProcess: false,
    heldPidfd: 'none',
    filesystem: 'ext',
    observedProcess: running(),
    ticksInOwnTime: { ticks: 5000, tolerance: 0 },
    witness: { state: 'untestable', file: 'unclear', source: 'no witness recorded' },
    lifeline: { state: 'untestable', source: 'no lifeline recorded' },
    lockLifeline: { state: 'untestable', source: 'no lifeline recorded', wasSeenHeld: false },
    namesakes: { found: [], complete: false, hidden: false },
    nowMs: 1_777_460_000_000,
    bootTimeMs: 10_000_000,
    clockGainMs: 0,
    stranger: stranger(),
    ...overrides,
  };
}

/** Nothing objects to the death of an owner. */
export function stranger(overrides: Partial<StrangerObservation> = {}): StrangerObservation {
  return {
    isKernelThread: false,
    threadTicks: null,
    isFileLocked: false,
    lockedSibling: null,
    hiddenSibling: null,
    workerAt: () => null,
    followers: [],
    machineId: null,
    bootedAtMs: null,
    clockStepSince: () => 0,
    failed: null,
    ...overrides,
  };
}

/** The owner's number belongs to a running process, by default the owner itself. */
export function running(seen: Partial<ProcessIdentity> = {}): ObservedProcess {
  const found = identity({ hostname: null, ...seen });
  return {
    existence: 'present',
    source: 'pidfd_open: ok',
    identity: found,
    exited: false,
    ticksAsRead: found.startTicks === null ? null : Number(found.startTicks),
  };
}

/** The same as {@link running}, but the process has exited: a zombie. */
export function exited(seen: Partial<ProcessIdentity> = {}): ObservedProcess {
  return { ...running(seen), exited: true };
}

export const absent: ObservedProcess = unseen('absent', 'pidfd_open: ESRCH');
export const thread: ObservedProcess = unseen('thread', 'pidfd_open: ENOENT');
export const hidden: ObservedProcess = unseen('unknown', 'kill(pid, 0): EPERM, /proc/7: ENOENT');

function unseen(existence: ObservedProcess['existence'], source: string): ObservedProcess {
  return { existence, source, identity: null, exited: null, ticksAsRead: null };
}

/** A process of another PID namespace that has the owner's number there, by default the owner itself. */
export function namesake(seen: Partial<ProcessIdentity> = {}, overrides: Partial<Namesake> = {}): Namesake {
  const found = identity({ pidNamespace: OTHER_NAMESPACE, hostname: null, ...seen });
  return {
    pid: 31_007,
    innermost: true,
    identity: found,
    exited: false,
    ticksAsRead: found.startTicks === null ? null : Number(found.startTicks),
    ...overrides,
  };
}

/**
 * An observation in which reading one of the named values throws, because each may cost a scan of /proc or a
 * lock call.
 */
export function neverAsking(names: readonly (keyof Observation)[], seen: Observation): Observation {
  const guarded = { ...seen };
  for (const name of names) {
    Object.defineProperty(guarded, name, {
      get: () => {
        throw new Error(`${name} was asked for`);
      },
    });
  }
  return guarded;
}

export const DEFAULTS: JudgeOptions = { legacy: 'assume', clockSlack: 60_000 };

/** The verdict in two words, such as `dead: rebooted`. */
export function verdictOn(judged: OwnerRecord, seen: Observation, options = DEFAULTS): string {
  return inWords(decide(judged, seen, options));
}

export function inWords({ state, reason }: Verdict): string {
  return `${state}: ${reason}`;
}
