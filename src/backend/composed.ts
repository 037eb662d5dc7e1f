import type {
  FileOperations,
  OpenDirectory,
  OpenFile,
  OpenText,
  WitnessOperations,
  WitnessTest,
} from './backend.js';
import type { Descriptor } from './descriptor.js';
import { isSameFile } from './file-status.js';
import { isGone, isSystemError, nullIfMissing, systemError } from './system-error.js';

// The operations that only save the way into C++ again and again, made of the others: for backends in JavaScript.

/** {@link FileOperations.openText} */
export function openText(
  files: FileOperations,
  directory: Descriptor,
  name: string,
  limit: number,
): OpenText | null {
  const descriptor = nullIfMissing(() => files.openAt(directory, name));
  if (descriptor === null) return null;
  return look(files, descriptor, (file) => {
    const isText = file.status.kind === 'file' && file.status.size <= limit;
    return { ...file, text: isText ? files.readText(descriptor, limit) : null };
  });
}

/**
 * What a file is that was opened just now, with what `more` finds in it. For {@link FileOperations.createAt} and
 * {@link FileOperations.openText}, which close it where that fails.
 */
export function look<T>(files: FileOperations, descriptor: Descriptor, more: (file: OpenFile) => T): T {
  try {
    const status = files.statDescriptor(descriptor);
    return more({ descriptor, status, filesystem: files.filesystem(descriptor) });
  } catch (error) {
    files.close(descriptor);
    throw error;
  }
}

/** {@link FileOperations.createDirectoryAt} */
export function createDirectoryAt(
  files: FileOperations,
  directory: Descriptor,
  name: string,
): OpenDirectory | null {
  files.mkdirAt(directory, name);
  let descriptor: Descriptor | null = null;
  try {
    descriptor = files.openDirectoryAt(directory, name);
    const { device, inode } = files.statDescriptor(descriptor);
    return { descriptor, device, inode };
  } catch (error) {
    if (descriptor !== null) files.close(descriptor);
    // FUSE and NFS say the second of a directory that they no longer know.
    if (isGone(error)) return null;
    try {
      files.rmdirAt(directory, name);
    } catch {
      // What kept it from being opened is what the caller is told.
    }
    throw error;
  }
}

/** {@link FileOperations.isAt} */
export function isAt(files: FileOperations, directory: Descriptor, name: string, fd: Descriptor): boolean {
  return isSameFile(files.statAt(directory, name), files.statDescriptor(fd));
}

/** {@link FileOperations.isStillAt} */
export function isStillAt(
  files: FileOperations,
  directory: Descriptor,
  name: string,
  fd: Descriptor,
  device: string,
  inode: string,
): boolean {
  const open = files.statDescriptor(fd);
  if (!isSameFile(open, { device, inode })) throw systemError('EBADF', 'fstat');
  return isSameFile(files.statAt(directory, name), open);
}

/** {@link FileOperations.rmdirIfAt} */
export function rmdirIfAt(files: FileOperations, directory: Descriptor, name: string, fd: Descriptor): void {
  if (isAt(files, directory, name, fd)) files.rmdirAt(directory, name);
}

/** {@link FileOperations.closeIfStill} */
export function closeIfStill(files: FileOperations, fd: Descriptor, device: string, inode: string): void {
  if (isStill(files, fd, device, inode)) files.close(fd);
}

function isStill(files: FileOperations, fd: Descriptor, device: string, inode: string): boolean {
  try {
    return isSameFile(files.statDescriptor(fd), { device, inode });
  } catch (error) {
    if (!isSystemError(error)) throw error;
    // Another error is said of a file that was deleted, or of a failing disk.
    return error.code !== 'EBADF';
  }
}

/** {@link WitnessOperations.testAt} */
export function testAt(
  files: FileOperations,
  witness: WitnessOperations,
  directory: Descriptor,
  name: string,
  type: string,
): WitnessTest {
  const descriptor = files.openAt(directory, name);
  try {
    return witness.test(descriptor, type);
  } finally {
    files.close(descriptor);
  }
}
