import { sep } from 'node:path';
import type { BesideName, OpenWitness, WitnessOperations, WitnessTest } from '../backend.js';
import type { Descriptor } from '../descriptor.js';
import { traitsOf } from '../filesystem-traits.js';
import { systemError } from '../system-error.js';
import type { PortableFiles } from './files.js';
import { FLOCK_WITNESS } from './flock-witness.js';
import type { Handle } from './handles.js';
import { forgetBeside, parseBeside, readIfFree, SHARE_WITNESS } from './share-witness.js';
import type { WitnessKind } from './witness-kind.js';

/** By `process.platform`. Linux has no such flag of open(2). */
const KINDS: ReadonlyMap<string, WitnessKind> = new Map([
  ['win32', SHARE_WITNESS],
  ['darwin', FLOCK_WITNESS],
  ['freebsd', FLOCK_WITNESS],
  ['openbsd', FLOCK_WITNESS],
  ['netbsd', FLOCK_WITNESS],
]);

export function hasWitness(platform: string): boolean {
  return KINDS.has(platform);
}

/**
 * Plain Node has no fcntl(2), so the witness is an open file. A runtime that ignores the flag takes nothing; the
 * owner notices that when it tests its own witness, and records none.
 */
export class PortableWitness implements WitnessOperations, OpenWitness {
  readonly #files: PortableFiles;
  readonly #kind: WitnessKind | null;

  /**
   * @param platform as `process.platform` names it.
   * @param kind in place of what plain Node has on that system.
   */
  constructor(files: PortableFiles, platform: string, kind = KINDS.get(platform) ?? null) {
    this.#files = files;
    this.#kind = kind;
  }

  take(fd: Descriptor): void {
    const handle = this.#handle(fd);
    if (this.#kind === null) throw systemError('ENOSYS', 'open');
    if (handle.mode === 'read') throw systemError('EBADF', 'open');
    if (handle.witness !== null) throw systemError('EAGAIN', 'open');
    handle.witness = this.#kind.take(handle);
  }

  isHeldThrough(fd: Descriptor): boolean {
    return this.#handle(fd).witness !== null;
  }

  test(fd: Descriptor, type: string): WitnessTest {
    const handle = this.#handle(fd);
    if (this.#kind === null || handle.status.kind !== 'file') return 'untestable';
    // On a filesystem of several kernels a lock may be known to one of them alone.
    return traitsOf(type).testableWitness ? this.#kind.test(handle) : 'untestable';
  }

  testAnyLock(fd: Descriptor, type: string): WitnessTest {
    const handle = this.#handle(fd);
    if (this.#kind === null || !traitsOf(type).testableWitness) return 'untestable';
    const { kind } = handle.status;
    return kind === 'file' || kind === 'directory' ? this.#kind.testAnyLock(handle) : 'untestable';
  }

  testAt(directory: Descriptor, name: string, type: string): WitnessTest {
    const descriptor = this.#files.openAt(directory, name);
    try {
      return this.test(descriptor, type);
    } finally {
      this.#files.close(descriptor);
    }
  }

  descriptorOf(fd: Descriptor): number | null {
    return this.#handle(fd).witness?.descriptor ?? null;
  }

  takeOver(fd: Descriptor, inherited: number): void {
    if (this.#kind === null) throw systemError('ENOSYS', 'fstat');
    const handle = this.#handle(fd);
    handle.witness = this.#kind.takeOver(handle, inherited);
  }

  forget(fd: Descriptor): void {
    if (this.#kind === SHARE_WITNESS) forgetBeside(this.#handle(fd));
  }

  parseBeside(name: string): BesideName | null {
    return this.#kind === SHARE_WITNESS ? parseBeside(name) : null;
  }

  readIfFree(directory: Descriptor, name: string): string | null {
    return readIfFree(this.#files.handles.get(directory, 'open').path + sep + name);
  }

  #handle(fd: Descriptor): Handle {
    return this.#files.handles.get(fd, 'fcntl');
  }
}
