import type { Backend, FileStatus, OpenDirectory } from '../../backend/backend.js';
import type { Descriptor } from '../../backend/descriptor.js';
import { traitsOf } from '../../backend/filesystem-traits.js';
import { unlessShort } from '../../backend/system-error.js';
import { selfIdentity } from '../../identity/read.js';
import type { WitnessRecord } from '../../record/owner-record.js';

/** A lifeline that belongs to one lock. */
export interface OwnLifeline {
  /** `<space>:<offset>`, as it stands in the record. */
  readonly text: string;
  /** What a child process has to inherit to hold it too. null where no child can. */
  readonly descriptor: Descriptor | null;
  /** Takes it again if it was lost, because other code of this process closed its descriptor. */
  keep(): void;
  /** Drops this process's share in it. */
  drop(): void;
}

/**
 * A lifeline on the open file description that all lifelines of this process share, so no child can inherit
 * it.
 */
export class SharedLifeline implements OwnLifeline {
  readonly text: string;
  readonly descriptor = null;
  readonly #backend: Backend;

  constructor(backend: Backend, text: string) {
    this.#backend = backend;
    this.text = text;
  }

  /** null where the backend can take none. @throws EMFILE, ENFILE, ENOMEM or ENOLCK where there is no room for it. */
  static take(backend: Backend, offset: string): SharedLifeline | null {
    const text = backend.lifeline.take(offset);
    return text === null ? null : new SharedLifeline(backend, text);
  }

  /**
   * Nothing is to be done: the addon takes the lost bytes of the shared description again at its next use.
   */
  keep(): void {}

  drop(): void {
    this.#backend.lifeline.drop(this.text);
  }
}

/**
 * A lifeline that is held until the last copy of its descriptor is closed, here or in a process that
 * inherited one.
 */
export class InheritableLifeline implements OwnLifeline {
  readonly text: string;
  readonly #backend: Backend;
  /** The descriptor, and the namespace file that it is open on. */
  #open: OpenDirectory;

  constructor(backend: Backend, text: string, open: OpenDirectory) {
    this.#backend = backend;
    this.text = text;
    this.#open = open;
  }

  /** null, and errors, like {@link SharedLifeline.take}. */
  static take(backend: Backend, offset: string): InheritableLifeline | null {
    const taken = backend.lifeline.takeInheritable(offset);
    if (taken === null) return null;
    const { lifeline, descriptor } = taken;
    const { device, inode } = backend.files.statDescriptor(descriptor);
    return new InheritableLifeline(backend, lifeline, { descriptor, device, inode });
  }

  get descriptor(): Descriptor {
    return this.#open.descriptor;
  }

  keep(): void {
    // An heir that holds it has a copy of the description, so there is nothing to take again.
    if (this.#backend.lifeline.test(this.text) !== 'free') return;
    const [, offset = ''] = this.text.split(':');
    const again = InheritableLifeline.take(this.#backend, offset);
    if (again !== null) this.#open = again.#open;
  }

  drop(): void {
    const { descriptor, device, inode } = this.#open;
    this.#backend.files.closeIfStill(descriptor, device, inode);
  }
}

/**
 * Takes the lifelines in the record of a lock again, if other code of this process closed their descriptors: that of the
 * process, and that of the lock's own. For want of a descriptor nothing happens, and the next call tries again.
 */
export function keepLifelines(own: OwnLifeline | null): void {
  unlessShort<unknown>(selfIdentity, () => null);
  unlessShort<unknown>(
    () => own?.keep(),
    () => null,
  );
}

/**
 * True where the witness and the process do not show every observer who holds the lock: other kernels may see
 * it, or no observer can test a witness.
 *
 * @param type the filesystem of the lock, as its owner records it.
 */
export function needsOwnLifeline(type: string, witness: WitnessRecord | null): boolean {
  return witness === null || !traitsOf(type).oneKernel;
}

/**
 * Draws the offset of a lock's own lifeline: a decimal number below 2^62.
 *
 * Copies of one machine may draw the same random numbers from then on. So the offset also depends on what
 * differs between them: the time in nanoseconds, and the inode that the file of each has on a filesystem that
 * they share. The offset stands in the record beside the nonce, so it has nothing to hide, and a hash of node:crypto
 * would cost `run` 5 ms at each start.
 */
export function ownOffset(nonce: string, { inode }: Pick<FileStatus, 'inode'>): string {
  const random = BigInt(`0x${nonce}`);
  let drawn = 0n;
  for (const source of [random >> 64n, random, process.hrtime.bigint(), BigInt(inode), BigInt(process.pid)]) {
    drawn = mixed(drawn ^ source);
  }
  return (drawn >> 2n).toString();
}

/**
 * The finalizer of SplitMix64: a bijection of 64 bits in which each bit of the argument changes about half of the bits
 * of the result.
 */
function mixed(number: bigint): bigint {
  let z = BigInt.asUintN(64, number);
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  return z ^ (z >> 31n);
}
