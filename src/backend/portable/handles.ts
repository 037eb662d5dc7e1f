import { closeSync, fstatSync, unlinkSync } from 'node:fs';
import { sep } from 'node:path';
import type { FileStatus } from '../backend.js';
import type { Descriptor } from '../descriptor.js';
import { fileStatus, isSameFile } from '../file-status.js';
import { systemError } from '../system-error.js';

/** A witness that this process holds: an open file that nobody else can open in the same way. */
export interface HeldWitness {
  /** A descriptor of the kernel. */
  readonly descriptor: number;
  readonly status: Pick<FileStatus, 'device' | 'inode'>;
  /** The path of the file beside the lock, which is deleted with the witness. null: it is the lock's own file. */
  readonly file: string | null;
}

/** A file or directory that was "opened": what it was then, and where it is now as far as this process knows. */
export interface Handle {
  /** Changes when this process renames the file or a directory above it; see {@link HandleTable.follow}. */
  path: string;
  /** The status at the time of opening. Its device and inode show whether another file has taken its place. */
  readonly status: FileStatus;
  readonly mode: 'read' | 'create';
  /**
   * A descriptor of the kernel. It keeps the inode number from being given to another file. null where there is none:
   * for a parent directory, a device or a FIFO, and always on Windows. There an open file would keep its directory from
   * being renamed, and NTFS gives a file number a second time only with another sequence number.
   */
  readonly pin: number | null;
  /** The witness that was taken for this file. null: none was. */
  witness: HeldWitness | null;
}

/** Larger than every descriptor of a kernel, which is an int, so that the two cannot be mistaken for each other. */
const FIRST = 2 ** 31;

/** The descriptors of this backend, which are numbers of its own. */
export class HandleTable {
  readonly #handles = new Map<Descriptor, Handle>();
  #next = FIRST;

  add(handle: Omit<Handle, 'witness'>): Descriptor {
    const descriptor = this.#next++ as Descriptor;
    this.#handles.set(descriptor, { ...handle, witness: null });
    return descriptor;
  }

  /** @throws EBADF */
  get(descriptor: Descriptor, syscall: string): Handle {
    const handle = this.#handles.get(descriptor);
    if (handle === undefined) throw systemError('EBADF', syscall);
    return handle;
  }

  /** @throws EBADF */
  close(descriptor: Descriptor): void {
    const handle = this.get(descriptor, 'close');
    const { witness } = handle;
    this.#handles.delete(descriptor);
    const pin = pinOf(handle);
    if (pin !== null) closeSync(pin);
    if (witness !== null) drop(witness);
  }

  /** Corrects the paths of the handles on and below a file that this process has renamed. */
  follow(from: string, to: string): void {
    for (const handle of this.#handles.values()) {
      if (handle.path === from || handle.path.startsWith(from + sep)) {
        handle.path = to + handle.path.slice(from.length);
      }
    }
  }
}

/** The pin, unless there is none or it is not on the file any more. */
export function pinOf({ pin, status }: Handle): number | null {
  return pin !== null && isStillOn(pin, status) ? pin : null;
}

function drop({ descriptor, status, file }: HeldWitness): void {
  if (isStillOn(descriptor, status)) closeSync(descriptor);
  try {
    if (file !== null) unlinkSync(file);
  } catch {
    // An heir still holds it, or somebody tests it. The sweep finds what is left.
  }
}

/** False when other code in this process closed the pin: the number may be that of another file by now. */
function isStillOn(pin: number, status: HeldWitness['status']): boolean {
  try {
    return isSameFile(fileStatus(fstatSync(pin, { bigint: true })), status);
  } catch {
    return false;
  }
}
