import type { ProcessDescription } from '../identity/describe-process.js';

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

export const NOBODY: LockUsers = Object.freeze({ holders: [], waiters: [] });
