import type { Descriptor } from '../descriptor.js';

/** `held`: a process has the lock. `free`: none has. `untestable`: the backend cannot find out. */
export type WitnessTest = 'held' | 'free' | 'untestable';

/**
 * The witness: a lock on owner.json that lives exactly as long as its owner. It is an open-file-description
 * lock (F_OFD_SETLK of fcntl(2)), which the kernel drops when the last descriptor of that description is
 * closed. The portable backend has an {@link OpenWitness} in its place, on other systems than Linux.
 */
export interface WitnessOperations {
  /**
   * Write-locks the whole file. Throws EAGAIN when another description has the lock, ENOSYS where it cannot
   * be done.
   */
  take(fd: Descriptor): void;
  /**
   * Whether the open file description has the witness itself, as one does that was inherited from the owner,
   * and not one that was opened anew. The addon takes it where nobody has it.
   */
  isHeldThrough(fd: Descriptor): boolean;
  /**
   * Whether a process holds the witness on the file, whose {@link Filesystem.type} is `type`. Takes no lock,
   * not even for a moment; the portable backend takes one that others can share. The locks of others on the
   * file, however they were taken, are no witness: `held` is only a write lock of an open file description on
   * the whole file. A part of such a lock is `untestable`.
   */
  test(fd: Descriptor, type: string): WitnessTest;
  /**
   * Whether any process holds a byte-range lock on the file, of whatever kind and range. flock(2) does not
   * count. Plain Node never answers `free`.
   */
  testAnyLock(fd: Descriptor, type: string): WitnessTest;
  /**
   * {@link test} through a new description of the file `name`. The description that has the lock never sees
   * it, so an owner asks about its own lock in this way.
   */
  testAt(directory: Descriptor, name: string, type: string): WitnessTest;
}

/** The name of a file beside a lock that is the witness of an owner. */
export interface BesideName {
  /** The lock's own name. */
  readonly lockName: string;
  /** st_ino of the owner.json that the file stands for, decimal. */
  readonly inode: string;
}

/**
 * A witness that is taken by opening a file, which is all that plain Node can do: with a flag of open(2) that
 * locks, or with a share mode that lets nobody else open it.
 */
export interface OpenWitness {
  /**
   * The kernel's descriptor that holds the witness which was taken through `fd`. A process that inherits it
   * holds the witness too. null: none was taken.
   */
  descriptorOf(fd: Descriptor): number | null;
  /**
   * Makes a descriptor of the kernel, which this process inherited, the witness of the file `fd`: it is
   * closed together with that. Throws EBADF unless it is open on the file that has the witness.
   */
  takeOver(fd: Descriptor, inherited: number): void;
  /** Deletes what the dead owner of the file `fd` has left beside the lock as its witness, unless it is held. */
  forget(fd: Descriptor): void;
  /** What the name of a file beside a lock says. null when it is none that this witness makes. */
  parseBeside(name: string): BesideName | null;
  /**
   * The nonce of the acquisition for which the file `name` was made, or an empty text where that was never
   * written. null when the file is held or missing.
   */
  readIfFree(directory: Descriptor, name: string): string | null;
}

/**
 * The witness of a lock that is nothing but an empty directory. No process can write-lock a directory, so it is an
 * open-file-description read lock of one byte, at an offset that the owner draws and writes into the extended attribute
 * `user.kernel-identity` of the directory (xattr(7)). {@link FileOperations} opens and closes the descriptors.
 */
export interface DirectoryWitnessOperations {
  /** Read-locks the byte through the open directory. The offset is a decimal number below 2^62. */
  take(directory: Descriptor, offset: string): void;
  /**
   * Whether another description of the directory holds exactly this byte. Takes no lock. `untestable` where a lock of
   * another kind or range hides it.
   */
  test(directory: Descriptor, offset: string): WitnessTest;
  /** The attribute. null: the directory has none. Throws ENOTSUP where the filesystem keeps no such attributes. */
  readRecord(directory: Descriptor): string | null;
  /** Sets the attribute. Throws ENOTSUP as above, ENOSPC or EDQUOT where there is no room. */
  writeRecord(directory: Descriptor, text: string): void;
}
