import type { FileOperations } from '../../backend/backend.js';
import type { Descriptor } from '../../backend/descriptor.js';
import { traitsOf } from '../../backend/filesystem-traits.js';

/**
 * The directories that tasks of this thread wait in, each open once. The key is {@link Parent.key}. An entry is
 * open, so no other directory can get its inode number.
 */
const shared = new Map<string, Parent>();

/** The parent directory of a lock, held open. Call close() once for each open() and each share(). */
export class Parent {
  readonly descriptor: Descriptor;
  readonly #files: FileOperations;
  readonly #path: string;
  #key: string | null = null;
  #users = 1;

  private constructor(files: FileOperations, path: string, descriptor: Descriptor) {
    this.#files = files;
    this.#path = path;
    this.descriptor = descriptor;
  }

  /** @throws ENOENT and other system errors. The path may lead through symbolic links. */
  static open(files: FileOperations, path: string): Parent {
    return new Parent(files, path, files.openParent(path));
  }

  /**
   * Names the directory, and not the path that led to it: two parents with one key are one directory. The inode
   * number alone says so where one kernel gives out the numbers. Others (FUSE, 9p) may give one number to two
   * directories, so the path is part of the key there. They may also number a directory anew at each lookup. It
   * then has several keys, which only costs time.
   */
  get key(): string {
    this.#key ??= this.#readKey();
    return this.#key;
  }

  /** Returns the one that this thread shares for this directory. It takes the place of this one, which it closes. */
  share(): Parent {
    const other = shared.get(this.key);
    if (other === this) return this;
    if (other === undefined) {
      shared.set(this.key, this);
      return this;
    }
    other.#users += 1;
    this.close();
    return other;
  }

  close(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    if (this.#key !== null && shared.get(this.#key) === this) shared.delete(this.#key);
    this.#files.close(this.descriptor);
  }

  #readKey(): string {
    const { device, inode } = this.#files.statDescriptor(this.descriptor);
    const { type } = this.#files.filesystem(this.descriptor);
    return traitsOf(type).stableInodes ? `${device}:${inode}` : `${device}:${inode}:${this.#path}`;
  }
}
