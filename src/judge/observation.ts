import type { Namesakes } from '../identity/namesakes.js';
import type { ObservedProcess } from '../identity/observe-process.js';
import type { ProcessIdentity } from '../identity/process-identity.js';

export interface WitnessObservation {
  readonly state: 'held' | 'free' | 'untestable';
  /** Device, fsid and inode of the file seen, or why it could not be tested. */
  readonly source: string;
}

/**
 * What the observer sees of a recorded owner: the values on which the pure decision table works. The live one reads
 * each from the kernel when the table first asks for it.
 */
export interface Observation {
  readonly platform: string;
  /** The observer's own identity. */
  readonly self: ProcessIdentity;
  /** The record's nonce is that of a lock this very process holds, whose witness and identity still fit. */
  readonly heldByThisProcess: boolean;
  /** A pidfd that was matched to the owner when it was opened, and is held since. */
  readonly heldPidfd: 'none' | 'running' | 'exited';
  /** Filesystem of the lock as seen from here; null: not known, or no file is involved. */
  readonly filesystem: string | null;
  /** The process with the recorded number in the own PID namespace. */
  readonly observedProcess: ObservedProcess;
  /** A held-or-free test of the witness recorded; of a record without an identity, of any lock on its file. */
  readonly witness: WitnessObservation;
  /** Processes in descendant PID namespaces that bear the recorded number. */
  readonly namesakes: Namesakes;
  /** Wall clock, ms since the epoch. */
  readonly nowMs: number;
  /** ms since boot on the clock of `ticksAsRead`; null: not known. */
  readonly bootTimeMs: number | null;
}
