import { monotonicMs } from '../../backend/monotonic-clock.js';
import { NameStream } from '../../backend/name-stream.js';

const SWEEP_INTERVAL_MS = 60_000;
/**
 * What one acquisition reads and judges at most, because it waits for that. A directory with more names is swept by the
 * acquisitions that follow, each of which goes on where the one before ended.
 */
const BUDGET = {
  /** A thousand take about a millisecond. */
  names: 1_000,
  /** Names that are called like private directories of a lock here. Anybody can make very many of them. */
  candidates: 32,
  /** Milliseconds, after which no further candidate is judged. One can take some milliseconds itself. */
  ms: 5,
};
/**
 * After a part that came to its end by its candidates or its time, the sweep rests for this many times what the part took.
 * So those who fill a directory with such names take a tenth of the time of acquisitions at most.
 */
const REST = 9;

interface ParentState {
  /** Milliseconds on the monotonic clock. */
  sweptAt: number;
  /**
   * Names of the locks that this thread has used here since the last sweep. Only their private directories
   * are swept, because another program may use a similar name for its own data.
   */
  readonly names: Set<string>;
}

interface Sweep {
  readonly parentPath: string;
  readonly names: NameStream;
  /** Milliseconds on the monotonic clock, before which it does not go on. */
  restsUntil: number;
}

/** What is done with the names of a part. */
export interface SweepVisitor {
  /** @returns whether the name is called like one that may have to be swept. */
  visit(name: string): boolean;
  /** Called after the last name of the part. */
  endPart?(): void;
}

/** Reads the directories of locks, each at most once a minute and a part at a time. */
export class SweepParts {
  /** The key is the path of the parent directory. */
  readonly #parents = new Map<string, ParentState>();
  /** A sweep that has not come to the end of its directory. There is one at a time, which costs one descriptor. */
  #unfinished: Sweep | null = null;

  /**
   * Errors are ignored, because the next sweep tries again.
   * @param start is called if a part is due, with the names of the locks whose private directories may be swept.
   */
  sweepIfDue(
    { parentPath, name }: { readonly parentPath: string; readonly name: string },
    start: (lockNames: ReadonlySet<string>) => SweepVisitor,
  ): void {
    const now = monotonicMs();
    const known = this.#parents.get(parentPath);
    const state = known ?? { sweptAt: now, names: new Set() };
    state.names.add(name);
    const isUnfinished = this.#unfinished?.parentPath === parentPath;
    if (!isUnfinished && known !== undefined && now - known.sweptAt < SWEEP_INTERVAL_MS) return;
    this.#parents.set(parentPath, state);
    state.sweptAt = now;
    try {
      const sweep = isUnfinished && this.#unfinished !== null ? this.#unfinished : this.#begin(parentPath);
      if (now < sweep.restsUntil || !sweepPart(sweep, start(state.names))) return;
    } catch {
      // The parent directory may be entered but not listed.
    }
    this.#end();
    state.names.clear();
  }

  #begin(parentPath: string): Sweep {
    this.#end();
    this.#unfinished = { parentPath, names: new NameStream(parentPath), restsUntil: 0 };
    return this.#unfinished;
  }

  #end(): void {
    this.#unfinished?.names.close();
    this.#unfinished = null;
  }
}

/** @returns true at the end of the directory. */
function sweepPart(sweep: Sweep, visitor: SweepVisitor): boolean {
  const startedAt = monotonicMs();
  let candidates = 0;
  let isAtEnd = false;
  for (let read = 0; read < BUDGET.names; read += 1) {
    const name = sweep.names.next();
    isAtEnd = name === null;
    if (name === null) break;
    if (!visitor.visit(name)) continue;
    candidates += 1;
    const now = monotonicMs();
    const taken = now - startedAt;
    if (candidates < BUDGET.candidates && taken < BUDGET.ms) continue;
    sweep.restsUntil = now + REST * taken;
    break;
  }
  visitor.endPart?.();
  return isAtEnd;
}
