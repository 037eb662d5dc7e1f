/**
 * The interface between this package and an operating system. Three backends implement it: the C++ addon
 * (`native`), plain Node with /proc (`procfs`), and plain Node without it (`portable`). Everything above this
 * file is the same for all three. Each group of calls stands in a file of interface/, with the values that they use.
 *
 * A backend that lacks something answers `null` or an errno name. It never answers in a way that could pass
 * for a mismatch between two processes or two files, because a mismatch can end a lock.
 */
import type { Capabilities } from './interface/capabilities.js';
import type { FileOperations } from './interface/files.js';
import type { LeaseOperations } from './interface/lease.js';
import type { LifelineOperations } from './interface/lifeline.js';
import type { ProcessOperations } from './interface/processes.js';
import type { WatchOperations } from './interface/watch.js';
import type { DirectoryWitnessOperations, OpenWitness, WitnessOperations } from './interface/witness.js';

export type * from './interface/capabilities.js';
export type * from './interface/errno.js';
export type * from './interface/files.js';
export type * from './interface/lease.js';
export type * from './interface/lifeline.js';
export type * from './interface/processes.js';
export type * from './interface/watch.js';
export type * from './interface/witness.js';

export type BackendName = 'native' | 'procfs' | 'portable';

export interface Backend {
  readonly name: BackendName;
  /**
   * True when {@link FileOperations} act on the very directory that was opened, whatever becomes of its name.
   * False when they act on whatever its path leads to; then they check the path before and after each call,
   * and undo a change that reached another directory.
   */
  readonly actsOnOpenDirectory: boolean;
  readonly processes: ProcessOperations;
  readonly files: FileOperations;
  readonly witness: WitnessOperations;
  /** null where the witness is a lock on the descriptor of owner.json itself. */
  readonly openWitness: OpenWitness | null;
  /** null where this backend can take none and test none. */
  readonly directoryWitness: DirectoryWitnessOperations | null;
  /** null where this backend can only poll. */
  readonly watch: WatchOperations | null;
  readonly lease: LeaseOperations;
  readonly lifeline: LifelineOperations;
  /** Fills the array with bytes from a random generator that nobody can predict. */
  fillRandom(bytes: Uint8Array): void;
  /**
   * Probed at the first call, then remembered. Throws where descriptors or memory have run out, and remembers
   * nothing.
   */
  capabilities(): Capabilities;
}
