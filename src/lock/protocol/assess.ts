import type { FileStatus } from '../../backend/backend.js';
import { isOneKernelFilesystem, traitsOf } from '../../backend/filesystem-traits.js';
import { type JudgeOptions, judgeRecord } from '../../judge/judge.js';
import type { Verdict } from '../../judge/verdict.js';
import type { OwnerRecord } from '../../record/owner-record.js';
import { formatElapsed } from '../../text/elapsed.js';
import type { LastLook } from './last-look.js';
import { isRetiredName } from './names.js';
import type { LockView } from './view.js';

/** ms; an older program may stand between its mkdir and its write. */
export const DEFAULT_OWNERLESS_GRACE = 5_000;

/**
 * ms; the default for a directory whose mtime somebody sets. A program whose lock is a directory alone keeps it fresh
 * like that: proper-lockfile every 5 s unless told otherwise, and later when its event loop is busy.
 */
const REFRESHED_GRACE = 30_000;

/** An owner may miss all but one of them. */
export const BEATS_PER_LEASE = 6;

/** ms; a lease that a stranger recorded shorter than this is not believed. */
export const MIN_LEASE = 1_000;

export interface InspectOptions extends JudgeOptions {
  /**
   * ms for which a lock directory without a readable owner is left to its maker. Default 5 000; programs that make
   * the directory first and write owner.json later allow themselves 30 000. The default is 30 000 for a directory that
   * holds nothing and whose mtime was set, as proper-lockfile does to keep its lock.
   */
  readonly ownerlessGrace?: number;
}

/** ms; FAT keeps times to 2 s, SFTP and others to the second. */
const COARSEST_TIME = 2_000;

/** How a lock stands with an observer. */
export interface LockState {
  /** `stale`: nobody holds it, though something is left of it. `unknown`: nobody may touch it. */
  readonly state: 'held' | 'stale' | 'unknown';
  /** null: there is no owner record to judge. */
  readonly verdict: Verdict | null;
  /** What stands there, in words for people. */
  readonly description: string;
  /** ms after which to look again although nothing has been heard; undefined: time alone changes nothing. */
  readonly lookAgainIn?: number;
}

export function assess(view: LockView, options: InspectOptions, memory: LastLook): LockState {
  if (view.record !== null) {
    const verdict = judgeRecord(view.record, view.owner, options);
    const description = `owner ${verdict.state}: ${verdict.reason}`;
    if (verdict.state === 'unknown') return byLease(view, view.record, verdict, description, memory);
    return { state: verdict.state === 'alive' ? 'held' : 'stale', verdict, description };
  }
  return view.owner === null ? assessOwnerless(view, options, memory) : assessTorn(view, options, memory);
}

/** Where nothing else tells, an owner that stopped touching its owner.json for the whole of its lease has lost it. */
function byLease(
  view: LockView,
  record: OwnerRecord,
  verdict: Verdict,
  description: string,
  memory: LastLook,
): LockState {
  if (record.lease === null || view.owner === null) return { state: 'unknown', verdict, description };
  const { type } = view.owner.filesystem;
  if (!traitsOf(type).showsChanges) {
    const why = `${type} does not show whether its lease is renewed`;
    return { state: 'unknown', verdict, description: `${description}, ${why}` };
  }
  // Reading the file's time from a cache, an observer would take a living owner for a silent one.
  const status = view.place.backend.files.statFresh(view.owner.descriptor);
  const silentMs = memory.unchangedFor(`${status.device}:${status.inode}:${status.mtimeMs}:${record.nonce}`);
  const lease = Math.max(record.lease.durationMs, MIN_LEASE);
  // Two beats within one unit of such a clock leave the file's time as it was.
  const unseen = status.mtimeMs % 1000 === 0 ? COARSEST_TIME : 0;
  const expired = silentMs > lease + unseen;
  const silence = `silent for ${formatElapsed(silentMs)} of its lease of ${formatElapsed(lease)}`;
  return {
    state: expired ? 'stale' : 'unknown',
    verdict,
    description: `${description}, ${silence}`,
    // A beat makes no sound. Looking as often as the owner beats, its last one is missed by no more than that.
    lookAgainIn: Math.min(lease / BEATS_PER_LEASE, Math.max(lease + unseen - silentMs, 1)),
  };
}

function assessOwnerless(view: LockView, options: InspectOptions, memory: LastLook): LockState {
  // No directory receives a second owner.json.
  if (view.leftovers().some(isRetiredName)) {
    return { state: 'stale', verdict: null, description: 'released or reclaimed, not yet removed' };
  }
  const status = view.directoryStatus();
  // mkdir, and every change of what is inside, set both times to the same moment. They differ after utimes (also after
  // chown, chmod or a rename of the directory, which then costs the longer grace for nothing).
  const isRefreshed = status.mtimeMs !== status.ctimeMs;
  const grace = options.ownerlessGrace ?? (isRefreshed ? REFRESHED_GRACE : DEFAULT_OWNERLESS_GRACE);
  const what = isRefreshed
    ? 'a directory without owner.json whose mtime somebody has set, as if to keep a lock'
    : 'a directory without owner.json';
  return afterGrace(status, grace, memory, what);
}

function assessTorn(view: LockView, options: InspectOptions, memory: LastLook): LockState {
  const { owner, place } = view;
  if (owner !== null && isOneKernelFilesystem(owner.filesystem.type)) {
    if (place.backend.witness.test(owner.descriptor, owner.filesystem.type) === 'held') {
      const description = 'owner.json is torn, but its owner still holds the file lock on it';
      return { state: 'held', verdict: null, description };
    }
  }
  const grace = options.ownerlessGrace ?? DEFAULT_OWNERLESS_GRACE;
  return afterGrace(owner?.status ?? view.directoryStatus(), grace, memory, 'owner.json is empty or torn');
}

function afterGrace(status: FileStatus, grace: number, memory: LastLook, what: string): LockState {
  const unchangedMs = memory.unchangedFor(
    `${status.device}:${status.inode}:${status.mtimeMs}:${status.size}`,
  );
  const ageMs = Math.max(Date.now() - status.mtimeMs, unchangedMs);
  const past = ageMs > grace;
  const since = `${what}, untouched for ${formatElapsed(ageMs)}`;
  const description = past
    ? `${since}, past the grace of ${formatElapsed(grace)}: assumed to be abandoned`
    : `${since}, within the grace of ${formatElapsed(grace)}: its maker may be at work`;
  return { state: past ? 'stale' : 'unknown', verdict: null, description };
}
