// What stands at a lock's path, and what can be done there. There are two kinds of places: those that the kernel helps
// with (kernel-place.ts), and those that are reached through a file system module alone (fs-place.ts). In both the lock is
// an empty directory whose time its owner keeps fresh, so that they exclude each other, and proper-lockfile as well.
import type { Steps } from './steps.js';

/** Who made a lock, as far as that is known. */
export interface Holder {
  /** Its number in its PID namespace. */
  readonly pid: number;
  /** Milliseconds since the epoch. */
  readonly acquiredAtMs: number;
}

/** What was seen at the path. Call close() when done. */
export interface Seen {
  /** Names the lock for as long as somebody watches it. */
  readonly key: string;
  /**
   * `held`: a process is known to hold it, or it is nothing that may be removed. `dead`: the kernel knows that its owner
   * is gone. `silent`: nothing but its time says anything.
   */
  readonly state: 'held' | 'dead' | 'silent';
  /** null where nothing names it. */
  readonly holder: Holder | null;
  /** Milliseconds since its time was set. A time in the future counts as now. */
  readonly ageMs: number;
  /** Whether some process is seen to have a lock on it, which is asked only of a directory that is about to be removed. */
  isLocked(): boolean;
  close(): void;
}

/** How a held lock was lost. */
export type Lost = (how: string, cause?: unknown) => void;

/** `replaced`: another directory stands at the path, or this process cannot know its own any more. */
export type Standing = 'own' | 'gone' | 'replaced';

export const GONE = 'ENOENT: its directory is gone';
/** Where the time alone shows that it lives. */
export const NOT_KEPT = 'its time could not be set within the stale threshold';
export const REPLACED = 'another directory stands in its place';

/** A directory that this process made, and so a lock that it holds. */
export interface Made {
  /** Sets the directory's time every `updateMs` milliseconds until {@link stop}, and calls `lost` at most once. */
  keep(updateMs: number, staleMs: number, lost: Lost): void;
  stop(): void;
  check(): Steps<Standing>;
  /** Removes it. Call {@link stop} before. */
  remove(): Steps<void>;
  close(): void;
}

/** Wakes a waiter. Call close() when done. */
export interface PlaceWatch {
  /** True when the release and the end of the owner both wake. */
  readonly isComplete: boolean;
  /** Resolves after that many milliseconds, or earlier at a change. */
  wait(ms: number): Promise<void>;
  close(): void;
}

export interface Place {
  /** Absolute path of the lock. */
  readonly path: string;
  /**
   * Makes the directory. null when something stands there, also where this process cannot know any more whether it made
   * that: what it made is then left to grow old.
   * @param staleMs after how many milliseconds others may take it for abandoned.
   */
  make(staleMs: number): Steps<Made | null>;
  /** @param beatMs the longest time between two looks that counts as silence. null: nothing stands there. */
  look(beatMs: number): Steps<Seen | null>;
  /**
   * Removes what was seen. False when something else is in it, or it is gone already. Only the holder of the {@link guard}
   * may do this.
   */
  remove(seen: Seen): Steps<boolean>;
  /** The place of the lock that a process holds while it removes an abandoned one. */
  guard(): Place;
  /** null where nothing reports a change. */
  watch(seen: Seen): PlaceWatch | null;
  /** Milliseconds between two tries without a watch. null: the pauses of the option `retries` are kept. */
  readonly pollMs: number | null;
  /** Call this when done, unless {@link make} has succeeded. */
  close(): void;
}
