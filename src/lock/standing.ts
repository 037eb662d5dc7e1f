import { isOneKernelFilesystem } from '../judge/filesystems.js';
import { type JudgeOptions, judgeRecord } from '../judge/judge.js';
import type { Verdict } from '../judge/verdict.js';
import { isRetiredName } from './names.js';
import type { LockView } from './view.js';

/** ms; an older program may stand between its mkdir and its write. */
export const DEFAULT_OWNERLESS_GRACE = 5_000;

export interface StandingOptions extends JudgeOptions {
  /**
   * ms for which a lock directory without a readable owner is left to its maker. Default 5 000; programs that make
   * the directory first and write owner.json later allow themselves 30 000.
   */
  readonly ownerlessGrace?: number;
}

/** How a lock stands with an observer. */
export interface Standing {
  /** `stale`: nobody holds it, though something is left of it. `unknown`: nobody may touch it. */
  readonly state: 'held' | 'stale' | 'unknown';
  /** null: there is no owner record to judge. */
  readonly verdict: Verdict | null;
  /** What stands there, in words for people. */
  readonly description: string;
}

/**
 * Remembers since when a directory without an owner has looked the same, on the monotonic clock: a file time in the
 * future must not make it immortal.
 */
export class OwnerlessMemory {
  #signature = '';
  #sinceMs = 0;

  /** ms for which `signature` has been seen without a change. */
  ageOf(signature: string): number {
    const now = performance.now();
    if (signature !== this.#signature) {
      this.#signature = signature;
      this.#sinceMs = now;
    }
    return now - this.#sinceMs;
  }
}

export function assess(view: LockView, options: StandingOptions, memory: OwnerlessMemory): Standing {
  if (view.record !== null) {
    const verdict = judgeRecord(view.record, view.owner, options);
    const state = verdict.state === 'alive' ? 'held' : verdict.state === 'dead' ? 'stale' : 'unknown';
    return { state, verdict, description: `owner ${verdict.state}: ${verdict.reason}` };
  }
  return view.owner === null ? assessOwnerless(view, options, memory) : assessTorn(view, options, memory);
}

function assessOwnerless(view: LockView, options: StandingOptions, memory: OwnerlessMemory): Standing {
  if (view.leftovers().some(isRetiredName)) {
    // Its owner.json was retired, and no directory receives a second one.
    return { state: 'stale', verdict: null, description: 'released or reclaimed, not yet removed' };
  }
  return afterGrace(view, options, memory, 'a directory without owner.json');
}

function assessTorn(view: LockView, options: StandingOptions, memory: OwnerlessMemory): Standing {
  const { owner, place } = view;
  if (owner !== null && isOneKernelFilesystem(owner.filesystem.type)) {
    if (place.backend.witness.test(owner.descriptor, owner.filesystem.type) === 'held') {
      const description = 'owner.json is torn, but its owner still holds the file lock on it';
      return { state: 'held', verdict: null, description };
    }
  }
  return afterGrace(view, options, memory, 'owner.json is empty or torn');
}

function afterGrace(
  view: LockView,
  options: StandingOptions,
  memory: OwnerlessMemory,
  what: string,
): Standing {
  const grace = options.ownerlessGrace ?? DEFAULT_OWNERLESS_GRACE;
  const status = view.owner?.status ?? view.directoryStatus();
  const unchangedMs = memory.ageOf(`${status.device}:${status.inode}:${status.mtimeMs}:${status.size}`);
  const ageMs = Math.max(Date.now() - status.mtimeMs, unchangedMs);
  const past = ageMs > grace;
  const description = `${what}, for ${Math.round(ageMs)} ms, ${past ? 'past' : 'within'} the grace of ${grace} ms`;
  return { state: past ? 'stale' : 'unknown', verdict: null, description };
}
