// Taking the lock: mkdir(2) decides which of several processes gets a lock that is free. One that was abandoned is removed
// first, and there proper-lockfile lets two processes win: both find it stale, the first removes it and makes its own, and
// the second removes that. So whoever removes a lock holds another lock while it does, the guard, and looks once more when
// it has that. The guard is a lock like any other, with a guard of its own for the case that its holder dies.
import type { Holder, Made, Place, Seen } from './place.js';
import type { Steps } from './steps.js';

/** Most tries while others take and release the lock between the steps. */
const TRIES = 4;
/** Guards of guards. A second one is needed only when a process died while it held the first. */
const MAX_DEPTH = 3;

/** The lock, and who had abandoned it: null when nobody had. */
export interface Taken {
  readonly made: Made;
  readonly reclaimed: Reclaimed | null;
}

/** A lock that nobody held any more, and which this process removed. */
export interface Reclaimed {
  /** Its owner, where it was one of this package. */
  readonly holder: Holder | null;
  /** Milliseconds since its time was set. */
  readonly ageMs: number;
}

/** What stands in the way, null: others were faster each time; and the lock that this try removed before. */
export interface Refused {
  readonly seen: Seen | null;
  readonly reclaimed: Reclaimed | null;
}

/** Whether nobody holds it: its owner is dead, or is not known and has let its time grow old. */
export function isAbandoned(seen: Seen, staleMs: number): boolean {
  if (seen.state !== 'silent') return seen.state === 'dead';
  return seen.ageMs > staleMs && !seen.isLocked();
}

/** Tries once. Close `seen` of a refusal. */
export function* take(place: Place, staleMs: number, depth = 0): Steps<Taken | Refused> {
  let reclaimed: Reclaimed | null = null;
  for (let attempt = 1; ; attempt += 1) {
    // This is the last call of an acquisition, because whoever stood still after it would not see what became of the lock.
    const made = yield* place.make(staleMs);
    if (made !== null) return { made, reclaimed };
    const seen = yield* place.look(staleMs / 2);
    if (seen === null && attempt < TRIES) continue;
    if (seen === null || depth === MAX_DEPTH || !isAbandoned(seen, staleMs)) return { seen, reclaimed };
    seen.close();
    if (attempt === TRIES) return { seen: null, reclaimed };
    reclaimed = (yield* clear(place, staleMs, depth)) ?? reclaimed;
  }
}

/** Removes an abandoned lock. null when that is another's task, or nothing is abandoned any more. */
function* clear(place: Place, staleMs: number, depth: number): Steps<Reclaimed | null> {
  const guard = yield* takeGuard(place.guard(), staleMs, depth + 1);
  if (guard === null) return null;
  try {
    return yield* removeAbandoned(place, staleMs);
  } finally {
    yield* giveBack(guard);
  }
}

/** A guard that cannot be removed is one whose holder is dead. Where the time alone decides, it can be another's by now. */
function* giveBack(guard: Made): Steps<void> {
  try {
    if ((yield* guard.check()) === 'own') yield* guard.remove();
  } catch {
    // It grows old.
  } finally {
    guard.close();
  }
}

/** null when another process has it. */
function* takeGuard(place: Place, staleMs: number, depth: number): Steps<Made | null> {
  let made: Made | null = null;
  try {
    const result = yield* take(place, staleMs, depth);
    if ('made' in result) made = result.made;
    else result.seen?.close();
    return made;
  } finally {
    if (made === null) place.close();
  }
}

/** null when it is held by now, or cannot be removed. */
function* removeAbandoned(place: Place, staleMs: number): Steps<Reclaimed | null> {
  const seen = yield* place.look(staleMs / 2);
  if (seen === null) return null;
  try {
    // What was seen before the guard was taken may have been removed and made anew since.
    if (!isAbandoned(seen, staleMs) || !(yield* place.remove(seen))) return null;
    const { holder, ageMs } = seen;
    if (holder === null) return { holder, ageMs };
    const { pid, acquiredAtMs } = holder;
    return { holder: { pid, acquiredAtMs }, ageMs };
  } finally {
    seen.close();
  }
}
