import type { Namesakes } from '../identity/namesakes.js';
import type { ObservedProcess } from '../identity/observe-process.js';
import type { ProcessIdentity } from '../identity/process-identity.js';
import type { StartTicks } from '../identity/start-ticks.js';
import type { StrangerObservation } from './strangers/observation.js';

/**
 * - `recorded`: the very file that the owner locked.
 * - `reattached`: that file on a volume which was mounted anew since the owner's end, or a copy with equal numbers.
 * - `copied`: a copy of the lock, which nobody ever locked.
 * - `unclear`: perhaps another view of that file, or one that has replaced it.
 */
export type LockFile = 'recorded' | 'reattached' | 'copied' | 'unclear';

export interface LifelineObservation {
  readonly state: 'held' | 'free' | 'untestable';
  /** Why it could not be tested; the empty text where it was. */
  readonly source: string;
}

/** The lifeline of a lock. */
export interface LockLifelineObservation extends LifelineObservation {
  /** This thread saw it held at an earlier look at this very record. */
  readonly wasSeenHeld: boolean;
}

export interface WitnessObservation {
  readonly state: 'held' | 'free' | 'untestable';
  /** Which file was tested, compared with the one that the owner locked. */
  readonly file: LockFile;
  /** Device and inode of the file that was tested, or why it could not be tested. */
  readonly source: string;
}

/**
 * What the observer sees of a recorded owner: the values on which the pure decision tables work.
 * LiveObservation reads each from the kernel when a table first asks for it.
 */
export interface Observation {
  readonly platform: string;
  /** The observer's own identity. */
  readonly self: ProcessIdentity;
  /** The record's nonce is that of a lock which this thread holds, lost or could not release. */
  readonly isNonceOfThisThread: boolean;
  /**
   * The record's nonce is that of a lock which this thread holds, and the lock's witness and the identity of
   * this process are as they were. A lock of another thread of this process is judged like that of any other
   * owner.
   */
  readonly heldByThisProcess: boolean;
  /**
   * The record's nonce is that of a lock which this thread holds, but the file and its directory are others.
   * It is asked only of locks without a witness, because with one the recorded numbers show the copy to
   * everybody.
   */
  readonly copyOfOwnLock: boolean;
  /** The record's nonce is that of a lock which this thread lost or could not release. */
  readonly givenUpByThisProcess: boolean;
  /** A pidfd that was matched to the owner when it was opened, and is held since. */
  readonly heldPidfd: 'none' | 'running' | 'exited';
  /**
   * Filesystem of the lock, or of the file in which the record stands, as this process sees it. null when it is not
   * known, or when no file is involved.
   */
  readonly filesystem: string | null;
  /** The process with the recorded number in this process's PID namespace. */
  readonly observedProcess: ObservedProcess;
  /**
   * The start ticks of that process as it reads them itself, in its own time namespace. null where that
   * namespace is not known, which is mostly that of another user's process.
   */
  readonly ticksInOwnTime: StartTicks | null;
  /** The result of testing the recorded witness. */
  readonly witness: WitnessObservation;
  /** The result of testing the lifeline of the recorded process. */
  readonly lifeline: LifelineObservation;
  /** The result of testing the lock's own lifeline. */
  readonly lockLifeline: LockLifelineObservation;
  /** Processes in descendant PID namespaces that have the recorded number there. */
  readonly namesakes: Namesakes;
  /** Wall clock, ms since the epoch. */
  readonly nowMs: number;
  /** ms since boot on the clock of `ticksAsRead`. null when it is not known. */
  readonly bootTimeMs: number | null;
  /** ms by which the wall clock was set forward while this process ran, or the machine slept; 0 when neither. */
  readonly clockGainMs: number;
  /** What only the table for records without an identity asks for. */
  readonly stranger: StrangerObservation;
}
