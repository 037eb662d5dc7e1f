import type { FileOperations, FileStatus, Filesystem, OpenDirectory, OpenFile, OpenText } from './backend.js';
import type { Descriptor } from './descriptor.js';
import { isSameFile } from './file-status.js';
import { isGone, isSystemError, nullIfMissing, systemError } from './system-error.js';

/**
 * The file operations of the backends in JavaScript. A subclass brings the primitives; the compositions are
 * made of them here. The addon has its own of both.
 */
export abstract class NodeFiles implements FileOperations {
  abstract openParent(path: string): Descriptor;
  abstract findDirectoryAt(directory: Descriptor, name: string): Descriptor | null;
  abstract openAt(directory: Descriptor, name: string): Descriptor;
  abstract mkdirAt(directory: Descriptor, name: string): void;
  abstract renameAt(fromDirectory: Descriptor, from: string, toDirectory: Descriptor, to: string): void;
  abstract renameNoReplaceAt(
    fromDirectory: Descriptor,
    from: string,
    toDirectory: Descriptor,
    to: string,
  ): void;
  abstract linkAt(directory: Descriptor, from: string, to: string): void;
  abstract unlinkAt(directory: Descriptor, name: string): void;
  abstract rmdirAt(directory: Descriptor, name: string): void;
  abstract statAt(directory: Descriptor, name: string): FileStatus;
  abstract statDescriptor(fd: Descriptor): FileStatus;
  abstract list(directory: Descriptor, limit: number): string[];
  abstract read(fd: Descriptor, limit: number): Buffer;
  abstract write(fd: Descriptor, text: string): void;
  abstract takeModeOf(fd: Descriptor, directory: Descriptor): void;
  abstract filesystem(fd: Descriptor): Filesystem;
  abstract close(fd: Descriptor): void;
  abstract adopt(fd: number, device: string, inode: string): Descriptor;

  /** The first half of {@link createAt}. */
  protected abstract create(directory: Descriptor, name: string): Descriptor;

  createAt(directory: Descriptor, name: string): OpenFile {
    return this.#describe(this.create(directory, name), (file) => file);
  }

  openText(directory: Descriptor, name: string, limit: number): OpenText | null {
    const descriptor = nullIfMissing(() => this.openAt(directory, name));
    if (descriptor === null) return null;
    return this.#describe(descriptor, (file) => {
      const isText = file.status.kind === 'file' && file.status.size <= limit;
      return { ...file, text: isText ? this.readText(descriptor, limit) : null };
    });
  }

  createDirectoryAt(directory: Descriptor, name: string): OpenDirectory | null {
    this.mkdirAt(directory, name);
    let descriptor: Descriptor | null = null;
    try {
      descriptor = this.findDirectoryAt(directory, name);
      if (descriptor === null) return null;
      const { device, inode } = this.statDescriptor(descriptor);
      return { descriptor, device, inode };
    } catch (error) {
      if (descriptor !== null) this.close(descriptor);
      if (isGone(error)) return null;
      try {
        this.rmdirAt(directory, name);
      } catch {
        // The caller gets the error below, because it says why the directory could not be opened.
      }
      throw error;
    }
  }

  rmdirIfAt(directory: Descriptor, name: string, fd: Descriptor): void {
    if (this.isAt(directory, name, fd)) this.rmdirAt(directory, name);
  }

  /** Plain Node has no call that asks the server past what the kernel remembers. */
  statFresh(fd: Descriptor): FileStatus {
    return this.statDescriptor(fd);
  }

  isAt(directory: Descriptor, name: string, fd: Descriptor): boolean {
    return isSameFile(this.statAt(directory, name), this.statDescriptor(fd));
  }

  isStillAt(directory: Descriptor, name: string, fd: Descriptor, device: string, inode: string): boolean {
    const open = this.statDescriptor(fd);
    if (!isSameFile(open, { device, inode })) throw systemError('EBADF', 'fstat');
    return isSameFile(this.statAt(directory, name), open);
  }

  readText(fd: Descriptor, limit: number): string {
    return this.read(fd, limit).toString('utf8');
  }

  closeIfStill(fd: Descriptor, device: string, inode: string): void {
    if (this.#isStill(fd, device, inode)) this.close(fd);
  }

  #isStill(fd: Descriptor, device: string, inode: string): boolean {
    try {
      return isSameFile(this.statDescriptor(fd), { device, inode });
    } catch (error) {
      if (!isSystemError(error)) throw error;
      // Any error but EBADF is about the file (deleted, or on a failing disk); the descriptor is still the same one.
      return error.code !== 'EBADF';
    }
  }

  /** Runs `more` on the status and filesystem of a file just opened, and closes the file where any of it fails. */
  #describe<T>(descriptor: Descriptor, more: (file: OpenFile) => T): T {
    try {
      const status = this.statDescriptor(descriptor);
      return more({ descriptor, status, filesystem: this.filesystem(descriptor) });
    } catch (error) {
      this.close(descriptor);
      throw error;
    }
  }
}
