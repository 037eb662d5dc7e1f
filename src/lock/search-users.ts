// The search for those who hold locks and wait for them: holders.ts says what it is for.
import type { LockLine } from '../backend/procfs/locks.js';
import { describeProcess } from '../identity/describe-process.js';
import { type Pid, searchDescriptors, showsDescriptors } from '../identity/lock-descriptors.js';
import { signalZero } from '../identity/observe-process.js';
import { currentObserver, type Observer } from '../identity/observer.js';
import { ownIdentity } from '../identity/read.js';
import {
  type FoundFor,
  HolderSearch,
  linesOn,
  listedLocks,
  type SearchedLock,
  type Target,
  targetOf,
} from './holder-search.js';
import { type LockHolder, type LockUsers, NOBODY } from './lock-users.js';
import { isHeldByRecorded } from './recorded-holder.js';

/** The search of findUsers(), without its promise to throw nothing. */
export function searchUsers(locks: readonly SearchedLock[]): LockUsers[] {
  const searched = locks.map(targetOf);
  const targets = searched.filter((target) => target !== null);
  if (targets.length === 0) return locks.map(() => NOBODY);
  const observer = currentObserver();
  const search = new HolderSearch(targets);
  searchDescriptors(observer, search);
  const listed = observer.ownProc ? listedLocks() : new Map();
  return searched.map((target) =>
    target === null ? NOBODY : usersOf(observer, target, search.found(target), linesOn(target, listed)),
  );
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
