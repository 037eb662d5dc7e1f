import type { FileOperations, OpenText, WitnessOperations, WitnessTest } from './backend.js';
import { isSameFile } from './file-status.js';
import { nullIfMissing, systemError } from './system-error.js';

// The operations that only save the way into C++ again and again, made of the others: for backends in JavaScript.

/** {@link FileOperations.openText} */
export function openText(
  files: FileOperations,
  directory: number,
  name: string,
  limit: number,
): OpenText | null {
  const descriptor = nullIfMissing(() => files.openAt(directory, name, 'read'));
  if (descriptor === null) return null;
  try {
    const status = files.statDescriptor(descriptor);
    const isText = status.kind === 'file' && status.size <= limit;
    return { descriptor, status, text: isText ? files.readText(descriptor, limit) : null };
  } catch (error) {
    files.close(descriptor);
    throw error;
  }
}

/** {@link FileOperations.isAt} */
export function isAt(files: FileOperations, directory: number, name: string, fd: number): boolean {
  return isSameFile(files.statAt(directory, name), files.statDescriptor(fd));
}

/** {@link FileOperations.isStillAt} */
export function isStillAt(
  files: FileOperations,
  directory: number,
  name: string,
  fd: number,
  device: string,
  inode: string,
): boolean {
  const open = files.statDescriptor(fd);
  if (!isSameFile(open, { device, inode })) throw systemError('EBADF', 'fstat');
  return isSameFile(files.statAt(directory, name), open);
}

/** {@link WitnessOperations.testAt} */
export function testAt(
  files: FileOperations,
  witness: WitnessOperations,
  directory: number,
  name: string,
  type: string,
): WitnessTest {
  const descriptor = files.openAt(directory, name, 'read');
  try {
    return witness.test(descriptor, type);
  } finally {
    files.close(descriptor);
  }
}
