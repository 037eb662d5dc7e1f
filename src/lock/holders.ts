// Who holds a lock, and who waits for it: for people. Nothing here takes part in a judgement, because a process that
// hides, or lives in another container, holds its lock all the same.
import type { LockLine } from '../backend/procfs/locks.js';
import { compareIdentities } from '../identity/compare.js';
import { describeProcess, type ProcessDescription } from '../identity/describe-process.js';
import { type Pid, searchDescriptors, showsDescriptors } from '../identity/lock-descriptors.js';
import { signalZero } from '../identity/observe-process.js';
import { currentObserver, type Observer } from '../identity/observer.js';
import { ownIdentity, probeIdentity } from '../identity/read.js';
import type { Reason } from '../judge/verdict.js';
import {
  type FoundFor,
  HolderSearch,
  linesOn,
  listedLocks,
  type SearchedLock,
  type Target,
  targetOf,
} from './holder-search.js';

/** A process that holds a lock. */
export interface LockHolder extends ProcessDescription {
  /**
   * How that is known. `witness`, `lifeline`: it has the descriptor through which the lock is held. `file-lock`: it
   * locks the file of another program, by flock(2) or fcntl(2). `record`: it is the recorded process, and none of the
   * others can be seen.
   */
  readonly by: 'witness' | 'lifeline' | 'file-lock' | 'record';
  /**
   * The number of the process that took the lock, which is not this one, in this PID namespace. null where the process
   * took it itself, or where that is not known.
   */
  readonly inheritedFrom: number | null;
}

/** The processes that have to do with one lock, as far as they can be seen from here. */
export interface LockUsers {
  /** Empty for a lock that is held: its holder is not visible from here, or shows its descriptors to root alone. */
  readonly holders: readonly LockHolder[];
  /**
   * Those that wait for it in a lock call of the kernel, or watch its directory without holding it, as waiters of this
   * package do. One that polls, as on plain Node, is not among them.
   */
  readonly waiters: readonly ProcessDescription[];
}

const NOBODY: LockUsers = Object.freeze({ holders: [], waiters: [] });

/**
 * Finds who holds each of these locks and who waits for it, in one search of all processes, which takes some 10 ms for
 * a thousand open descriptors. Never throws.
 */
export function findUsers(locks: readonly SearchedLock[]): LockUsers[] {
  const searched = locks.map(targetOf);
  const targets = searched.filter((target) => target !== null);
  if (targets.length === 0) return locks.map(() => NOBODY);
  try {
    const observer = currentObserver();
    const search = new HolderSearch(targets);
    searchDescriptors(observer, search);
    const listed = observer.ownProc ? listedLocks() : new Map();
    return searched.map((target) =>
      target === null ? NOBODY : usersOf(observer, target, search.found(target), linesOn(target, listed)),
    );
  } catch {
    return locks.map(() => NOBODY);
  }
}

function usersOf(
  observer: Observer,
  { lock, by }: Target,
  { held, watching }: FoundFor,
  listed: readonly LockLine[],
): LockUsers {
  const holders = new Map<Pid, LockHolder>();
  for (const { pid, through, taker } of held) {
    if (holders.has(pid)) continue;
    const inheritedFrom = taker === numberOf(pid) ? null : taker;
    holders.set(pid, { ...describeProcess(observer, pid), by: through, inheritedFrom });
  }
  const waiting = new Set(watching);
  for (const line of listed) {
    if (line.pid === null) continue;
    const pid = asFound(line.pid);
    if (line.waits) waiting.add(pid);
    // The list names who has taken the lock, and who holds it now shows in its descriptors, if it shows those.
    else if (by === 'file-lock' && !holders.has(pid) && !showsDescriptors(pid) && isThere(line.pid)) {
      holders.set(pid, { ...describeProcess(observer, pid), by, inheritedFrom: null });
    }
  }
  const all = withTaker(lock, [...holders.values()]);
  const waiters = [...waiting].filter((pid) => pid !== 'self' && !all.some((holder) => holder.pid === pid));
  return { holders: all, waiters: waiters.map((pid) => describeProcess(observer, pid)) };
}

/** False for a process that took a lock, left it to a child, and is gone. */
function isThere(pid: number): boolean {
  return signalZero(pid) !== 'ESRCH';
}

/** Says whom the holders have the lock from, or finds the recorded process where no holder can be seen. */
function withTaker(lock: SearchedLock, holders: readonly LockHolder[]): readonly LockHolder[] {
  if (holders.length === 0) return isHeldByRecorded(lock) ? [recordedHolder(lock)] : [];
  const pid = lock.format === 'kernel-identity' ? recordedHere(lock) : null;
  if (pid === null || holders.some((holder) => holder.pid === pid)) return holders;
  return holders.map((holder) => ({ ...holder, inheritedFrom: pid }));
}

/** The recorded number, if it is one of this PID namespace. */
function recordedHere({ owner }: SearchedLock): number | null {
  const inode = owner?.identity?.pidNamespace.inode ?? null;
  const isHere = inode !== null && inode === ownIdentity().pidNamespace.inode;
  return isHere && owner?.identity?.bootId === ownIdentity().bootId ? (owner?.pid ?? null) : null;
}

/** True when the recorded process lives here. A number that a lock alone keeps alive may be anybody's. */
export function isHeldByRecorded({ owner, verdict }: Pick<SearchedLock, 'owner' | 'verdict'>): boolean {
  if (owner === null || owner.pid === null || verdict?.state !== 'alive') return false;
  if (owner.identity === null) return LEGACY_PROCESS.has(verdict.reason);
  const found = probeIdentity(owner.pid);
  return found !== null && compareIdentities(owner.identity, found) === 'same';
}

/** The reasons by which the process with the recorded number is the owner. */
const LEGACY_PROCESS: ReadonlySet<Reason> = new Set(['legacy-start-matches', 'legacy-born-before-record']);

function recordedHolder({ owner }: SearchedLock): LockHolder {
  return {
    ...describeProcess(currentObserver(), asFound(owner?.pid as number)),
    by: 'record',
    inheritedFrom: null,
  };
}

function asFound(pid: number): Pid {
  return pid === process.pid ? 'self' : pid;
}

function numberOf(pid: Pid): number {
  return pid === 'self' ? process.pid : pid;
}
