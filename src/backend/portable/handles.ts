import { closeSync, fstatSync } from 'node:fs';
import { sep } from 'node:path';
import type { FileStatus } from '../backend.js';
import type { Descriptor } from '../descriptor.js';
import { systemError } from '../system-error.js';

/** A file or directory as it was found when it was "opened", and where it is now as far as this process knows. */
export interface Handle {
  /** Follows what this process itself renames. */
  path: string;
  /** As it was then; its device and inode say whether something else has come in its place. */
  readonly status: FileStatus;
  readonly mode: 'read' | 'create';
  /**
   * A descriptor of the kernel's, which keeps the inode number from being given to another file. null: on Windows, where
   * an open file keeps its directory from being renamed; NTFS gives a number a second time only with another sequence.
   */
  readonly pin: number | null;
}

/** Above every descriptor of a kernel, which is an int. */
const FIRST = 2 ** 31;

/** What this backend gives out for descriptors. */
export class HandleTable {
  readonly #handles = new Map<Descriptor, Handle>();
  #next = FIRST;

  add(handle: Handle): Descriptor {
    const descriptor = this.#next++ as Descriptor;
    this.#handles.set(descriptor, handle);
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
    const { pin, status } = this.get(descriptor, 'close');
    this.#handles.delete(descriptor);
    if (pin !== null && isOn(pin, status)) closeSync(pin);
  }

  /** What was renamed from here takes along the handles on it and in it. */
  follow(from: string, to: string): void {
    for (const handle of this.#handles.values()) {
      if (handle.path === from || handle.path.startsWith(from + sep)) {
        handle.path = to + handle.path.slice(from.length);
      }
    }
  }
}

/** False: somebody in this process closed the pin, and the number may be that of another file by now. */
function isOn(pin: number, { device, inode }: FileStatus): boolean {
  try {
    const { dev, ino } = fstatSync(pin, { bigint: true });
    return String(dev) === device && String(ino) === inode;
  } catch {
    return false;
  }
}
