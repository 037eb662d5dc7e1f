import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import type { FileOperations, FileStatus, Filesystem, OpenMode } from '../backend.js';
import { requireEntryName } from '../entry-name.js';
import { listNames, readFromStart, writeAtStart } from '../file-content.js';
import { fileStatus } from '../file-status.js';
import { isSystemError, nullIfMissing, type Subject, systemError, withSubject } from '../system-error.js';
import { type Handle, HandleTable } from './handles.js';
import { insist } from './insist.js';

// Windows knows no more than the first four.
const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL } = constants;
const { O_DIRECTORY = 0, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_NOCTTY = 0 } = constants;

/**
 * The *at calls by path. Whether a path still leads to the directory that was opened is seen before a call and after it.
 * In between, some microseconds, another directory can come in its place. What a call did there is taken back, and it
 * fails as in a directory that is gone, with ENOENT.
 */
export class PortableFiles implements FileOperations {
  readonly handles = new HandleTable();
  readonly #platform: NodeJS.Platform;
  readonly #pins: boolean;

  /** @param platform the one whose ways to follow. */
  constructor(platform: NodeJS.Platform) {
    this.#platform = platform;
    this.#pins = platform !== 'win32';
  }

  openParent(path: string): number {
    if (path.includes('\0')) throw new TypeError('a path holds no null byte');
    return withSubject({ path }, () => {
      const status = fileStatus(statSync(path, { bigint: true }));
      if (status.kind !== 'directory') throw systemError('ENOTDIR', 'open');
      // Not pinned: a directory that may be entered but not read cannot be opened.
      return this.handles.add({ path, status, mode: 'read', pin: null });
    });
  }

  openDirectoryAt(directory: number, name: string): number {
    return this.#in(
      [[directory, name]],
      'open',
      ([path]) => {
        if (this.#look(path).kind !== 'directory') throw systemError('ENOTDIR', 'open');
        return this.#hold(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK);
      },
      (_, fd) => this.handles.close(fd),
    );
  }

  findDirectoryAt(directory: number, name: string): number | null {
    return nullIfMissing(() => this.openDirectoryAt(directory, name));
  }

  openAt(directory: number, name: string, mode: OpenMode): number {
    return mode === 'create' ? this.#create(directory, name) : this.#openFile(directory, name);
  }

  mkdirAt(directory: number, name: string): void {
    this.#in(
      [[directory, name]],
      'mkdir',
      ([path]) => insist(this.#platform, () => mkdirSync(path, 0o777)),
      ([path]) => rmdirSync(path),
    );
  }

  renameAt(fromDirectory: number, from: string, toDirectory: number, to: string): void {
    this.#in(
      [
        [fromDirectory, from],
        [toDirectory, to],
      ],
      'rename',
      ([source, target]) => {
        insist(this.#platform, () => renameSync(source, target));
        this.handles.follow(source, target);
      },
      ([source, target]) => {
        this.handles.follow(target, source);
        renameSync(target, source);
      },
    );
  }

  renameNoReplaceAt(fromDirectory: number, from: string, toDirectory: number, to: string): void {
    const subject = { path: requireEntryName(from), dest: requireEntryName(to) };
    if (this.#platform !== 'win32') throw systemError('ENOSYS', 'rename', subject);
    // Windows renames no directory over another that has something in it, and an empty one is seen here.
    const isTaken = () => this.#exists(toDirectory, to);
    if (isTaken()) throw systemError('EEXIST', 'rename', subject);
    try {
      this.renameAt(fromDirectory, from, toDirectory, to);
    } catch (error) {
      // EPERM is what a directory in the way gives as well.
      throw isTaken() ? systemError('EEXIST', 'rename', subject) : error;
    }
  }

  unlinkAt(directory: number, name: string): void {
    this.#in([[directory, name]], 'unlink', ([path]) => insist(this.#platform, () => unlinkSync(path)));
  }

  rmdirAt(directory: number, name: string): void {
    this.#in([[directory, name]], 'rmdir', ([path]) => insist(this.#platform, () => rmdirSync(path)));
  }

  statAt(directory: number, name: string): FileStatus {
    return this.#in([[directory, name]], 'lstat', ([path]) => this.#look(path));
  }

  /** Of what has lost its name, or is not where this process left it: as it was, with no links. */
  statDescriptor(fd: number): FileStatus {
    const handle = this.handles.get(fd, 'fstat');
    if (handle.pin !== null && handle.status.kind === 'file') {
      return fileStatus(fstatSync(handle.pin, { bigint: true }));
    }
    return lookFor(handle) ?? { ...handle.status, links: 0 };
  }

  list(directory: number, limit: number): string[] {
    return this.#in([[directory, '']], 'scandir', ([path]) => listNames(path, limit));
  }

  read(fd: number, limit: number): Buffer {
    return this.#withFile(fd, 'read', (pin) => readFromStart(pin, limit));
  }

  write(fd: number, text: string): void {
    this.#withFile(fd, 'write', (pin) => writeAtStart(pin, text));
  }

  /** Node names filesystems by numbers that mean something else on each system. */
  filesystem(fd: number): Filesystem {
    this.handles.get(fd, 'statfs');
    return { type: 'unknown', fsid: null };
  }

  close(fd: number): void {
    this.handles.close(fd);
  }

  #create(directory: number, name: string): number {
    return this.#in(
      [[directory, name]],
      'open',
      ([path]) => {
        const fd = openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK, 0o666);
        if (!this.#pins) closeSync(fd);
        const status = this.#pins ? fileStatus(fstatSync(fd, { bigint: true })) : this.#look(path);
        return this.handles.add({ path, status, mode: 'create', pin: this.#pins ? fd : null });
      },
      ([path], fd) => {
        this.handles.close(fd);
        unlinkSync(path);
      },
    );
  }

  #openFile(directory: number, name: string): number {
    return this.#in(
      [[directory, name]],
      'open',
      ([path]) => {
        const status = this.#look(path);
        if (status.kind === 'symlink') throw systemError('ELOOP', 'open');
        // Never opened: that alone rewinds a tape, and a FIFO waits for its writer.
        if (status.kind === 'other') return this.handles.add({ path, status, mode: 'read', pin: null });
        return this.#hold(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
      },
      (_, fd) => this.handles.close(fd),
    );
  }

  #hold(path: string, flags: number): number {
    const pin = this.#pins ? openSync(path, flags) : null;
    const status = pin === null ? this.#look(path) : fileStatus(fstatSync(pin, { bigint: true }));
    return this.handles.add({ path, status, mode: 'read', pin });
  }

  #withFile<T>(fd: number, syscall: string, action: (pin: number) => T): T {
    const handle = this.handles.get(fd, syscall);
    if (handle.pin !== null) return action(handle.pin);
    if (handle.status.kind !== 'file' || (syscall === 'write' && handle.mode === 'read')) {
      throw systemError('EBADF', syscall);
    }
    const flags = handle.mode === 'create' ? O_RDWR : O_RDONLY;
    const pin = insist(this.#platform, () => openSync(handle.path, flags | O_NOFOLLOW | O_NONBLOCK));
    try {
      if (lookFor(handle) === null) throw systemError('ENOENT', syscall);
      return action(pin);
    } finally {
      closeSync(pin);
    }
  }

  #exists(directory: number, name: string): boolean {
    try {
      this.statAt(directory, name);
      return true;
    } catch {
      return false;
    }
  }

  #look(path: string): FileStatus {
    return fileStatus(lstatSync(path, { bigint: true }));
  }

  /**
   * Calls with the paths of names in directories (an empty name: the directory itself).
   * @param undo takes back what `call` did, when it may not have happened in these directories.
   */
  #in<T, Names extends readonly [number, string][]>(
    names: readonly [...Names],
    syscall: string,
    call: (paths: { [Name in keyof Names]: string }) => T,
    undo?: (paths: { [Name in keyof Names]: string }, result: T) => void,
  ): T {
    const subject = subjectOf(names.map(([, name]) => name));
    const directories = names.map(([fd]) => this.handles.get(fd, syscall));
    const paths = names.map(([, name], index) => {
      const { path } = directories[index] as Handle;
      return name === '' ? path : join(path, requireEntryName(name));
    }) as { [Name in keyof Names]: string };
    try {
      if (!directories.every(lookFor)) throw systemError('ENOENT', syscall);
      const result = call(paths);
      if (directories.every(lookFor)) return result;
      try {
        undo?.(paths, result);
      } catch {
        // Then it happened in the directory that was meant, and is gone with it.
      }
      throw systemError('ENOENT', syscall);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      throw systemError(error.code, syscall, subject);
    }
  }
}

/** What a handle's path leads to. null: nothing any more, or something else. */
function lookFor({ path, status }: Handle): FileStatus | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (found === undefined) return null;
  const { dev, ino } = found;
  return String(dev) === status.device && String(ino) === status.inode ? fileStatus(found) : null;
}

function subjectOf([path, dest]: readonly string[]): Subject {
  return { ...(path === undefined || path === '' ? {} : { path }), ...(dest === undefined ? {} : { dest }) };
}
