import type { Descriptor } from '../descriptor.js';
import type { WitnessTest } from './witness.js';

/** A lifeline on an open file description of its own. */
export interface InheritableLifeline {
  readonly lifeline: string;
  readonly descriptor: Descriptor;
}

/** What {@link LifelineOperations.list} found. */
export interface LifelineList {
  /**
   * The spaces that could be searched. A process cannot open the file of an initial namespace that it is not
   * in.
   */
  readonly spaces: readonly string[];
  readonly found: readonly string[];
  /** The limit was reached in one of the spaces, so there may be more. */
  readonly truncated: boolean;
  /** A lock of another program covers some of the bytes, which may be lifelines. */
  readonly obscured: boolean;
}

/**
 * The lifeline: a byte of a namespace's file that a process keeps locked for as long as it lives, and that
 * every process of the kernel can test without any privilege (OFD read locks of fcntl(2) on
 * /proc/self/ns/time of the initial time namespace). Its text is `<space>:<offset>`, such as `time:1234`.
 * Nothing here throws for what a record may hold.
 */
export interface LifelineOperations {
  /**
   * Takes the lifeline of this process, or makes sure that it is still held. It is one for all threads, and
   * its random offset is drawn once. null where the backend cannot. Throws for want of a descriptor or
   * memory: a later call may succeed.
   */
  takeOfProcess(): string | null;
  /**
   * Takes a lifeline at this offset, a decimal number below 2^62, for a lock of this thread. It is dropped
   * when the thread ends. null, and errors, as above.
   * @throws RangeError (ERR_OUT_OF_RANGE) for a larger number.
   */
  take(offset: string): string | null;
  /**
   * Takes a lifeline at this offset on an open file description of its own, which child processes can
   * inherit: it is held until the last copy of the descriptor is closed, in whatever process. Close it with
   * {@link FileOperations.close}; it is close-on-exec in this process. null, and errors, as above.
   * @throws RangeError (ERR_OUT_OF_RANGE) for a larger number.
   */
  takeInheritable(offset: string): InheritableLifeline | null;
  /**
   * Takes a lifeline through a descriptor that is open on the file of its space, whoever opened it: it is
   * held until the last copy of that descriptor is closed, in whatever process. A lifeline may be held
   * through several descriptors at once.
   * @throws EBADF; EXDEV for any other file, and where the backend takes no lifelines; system errors.
   */
  takeThrough(fd: Descriptor, lifeline: string): void;
  /** Drops a lifeline that {@link take} took in this thread. Any other is left alone. */
  drop(lifeline: string): void;
  /**
   * Takes no lock. `untestable` where the byte is hidden, or the text names no space that can be tested from
   * here.
   */
  test(lifeline: string): WitnessTest;
  /**
   * Finds the lifelines of this kernel, in no order. It ends in each space after `limit` locks, whether they
   * are lifelines or not. null where the backend cannot.
   */
  list(limit: number): LifelineList | null;
  /** How often the lifelines of this process were lost, because other code of it closed their descriptor. */
  losses(): number;
}
