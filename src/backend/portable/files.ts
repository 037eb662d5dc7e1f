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
import { requireEntryName } from '../arguments.js';
import type {
  FileOperations,
  FileStatus,
  Filesystem,
  OpenDirectory,
  OpenFile,
  OpenText,
} from '../backend.js';
import { closeIfStill, createDirectoryAt, isAt, isStillAt, look, openText, rmdirIfAt } from '../composed.js';
import type { Descriptor } from '../descriptor.js';
import { listNames, readFromStart, writeAtStart } from '../file-content.js';
import { fileStatus } from '../file-status.js';
import { nullIfMissing, systemError, withSubject } from '../system-error.js';
import { callByPath, type Entries, lookFor, type Paths } from './by-path.js';
import { HandleTable } from './handles.js';
import { insist } from './insist.js';

// Windows knows no more than the first four.
const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL } = constants;
const { O_DIRECTORY = 0, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_NOCTTY = 0 } = constants;

/** The *at calls by path: see {@link callByPath}. */
export class PortableFiles implements FileOperations {
  readonly handles = new HandleTable();
  readonly #platform: NodeJS.Platform;
  readonly #pins: boolean;

  /** @param platform the one whose ways to follow. */
  constructor(platform: NodeJS.Platform) {
    this.#platform = platform;
    this.#pins = platform !== 'win32';
  }

  openParent(path: string): Descriptor {
    if (path.includes('\0')) throw new TypeError('a path holds no null byte');
    return withSubject({ path }, () => {
      const status = fileStatus(statSync(path, { bigint: true }));
      if (status.kind !== 'directory') throw systemError('ENOTDIR', 'open');
      // Not pinned: a directory that may be entered but not read cannot be opened.
      return this.handles.add({ path, status, mode: 'read', pin: null });
    });
  }

  openDirectoryAt(directory: Descriptor, name: string): Descriptor {
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

  findDirectoryAt(directory: Descriptor, name: string): Descriptor | null {
    return nullIfMissing(() => this.openDirectoryAt(directory, name));
  }

  openAt(directory: Descriptor, name: string): Descriptor {
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

  createAt(directory: Descriptor, name: string): OpenFile {
    return look(this, this.#create(directory, name), (file) => file);
  }

  openText(directory: Descriptor, name: string, limit: number): OpenText | null {
    return openText(this, directory, name, limit);
  }

  mkdirAt(directory: Descriptor, name: string): void {
    this.#in(
      [[directory, name]],
      'mkdir',
      ([path]) => mkdirSync(path, 0o777),
      ([path]) => rmdirSync(path),
    );
  }

  createDirectoryAt(directory: Descriptor, name: string): OpenDirectory | null {
    return createDirectoryAt(this, directory, name);
  }

  renameAt(fromDirectory: Descriptor, from: string, toDirectory: Descriptor, to: string): void {
    insist(this.#platform, () => this.#rename(fromDirectory, from, toDirectory, to));
  }

  renameNoReplaceAt(fromDirectory: Descriptor, from: string, toDirectory: Descriptor, to: string): void {
    const subject = { path: requireEntryName(from), dest: requireEntryName(to) };
    if (this.#platform !== 'win32') throw systemError('ENOSYS', 'rename', subject);
    const requireFree = () => {
      if (this.#exists(toDirectory, to)) throw systemError('EEXIST', 'rename', subject);
    };
    insist(this.#platform, () => {
      // Windows renames no directory over another that has something in it, and an empty one is seen here.
      requireFree();
      try {
        this.#rename(fromDirectory, from, toDirectory, to);
      } catch (error) {
        // EPERM is what a directory in the way gives as well.
        requireFree();
        throw error;
      }
    });
  }

  unlinkAt(directory: Descriptor, name: string): void {
    this.#in([[directory, name]], 'unlink', ([path]) => unlinkSync(path));
  }

  rmdirAt(directory: Descriptor, name: string): void {
    this.#in([[directory, name]], 'rmdir', ([path]) => rmdirSync(path));
  }

  rmdirIfAt(directory: Descriptor, name: string, fd: Descriptor): void {
    rmdirIfAt(this, directory, name, fd);
  }

  statAt(directory: Descriptor, name: string): FileStatus {
    return this.#in([[directory, name]], 'lstat', ([path]) => this.#look(path));
  }

  /** Of what has lost its name, or is not where this process left it: as it was, with no links. */
  statDescriptor(fd: Descriptor): FileStatus {
    const handle = this.handles.get(fd, 'fstat');
    if (handle.pin !== null && handle.status.kind === 'file') {
      return fileStatus(fstatSync(handle.pin, { bigint: true }));
    }
    return lookFor(handle) ?? { ...handle.status, links: 0 };
  }

  /** Plain Node cannot ask past the system's memory. */
  statFresh(fd: Descriptor): FileStatus {
    return this.statDescriptor(fd);
  }

  isAt(directory: Descriptor, name: string, fd: Descriptor): boolean {
    return isAt(this, directory, name, fd);
  }

  isStillAt(directory: Descriptor, name: string, fd: Descriptor, device: string, inode: string): boolean {
    return isStillAt(this, directory, name, fd, device, inode);
  }

  list(directory: Descriptor, limit: number): string[] {
    const names = () => this.#in([[directory, '']], 'scandir', ([path]) => listNames(path, limit));
    // A directory that is gone has nothing in it, as the kernel says of a descriptor of one.
    return nullIfMissing(names) ?? [];
  }

  read(fd: Descriptor, limit: number): Buffer {
    return this.#withFile(fd, 'read', (pin) => readFromStart(pin, limit));
  }

  readText(fd: Descriptor, limit: number): string {
    return this.read(fd, limit).toString('utf8');
  }

  write(fd: Descriptor, text: string): void {
    this.#withFile(fd, 'write', (pin) => writeAtStart(pin, text));
  }

  /** Node names filesystems by numbers that mean something else on each system. */
  filesystem(fd: Descriptor): Filesystem {
    this.handles.get(fd, 'statfs');
    return { type: 'unknown', fsid: null };
  }

  close(fd: Descriptor): void {
    this.handles.close(fd);
  }

  closeIfStill(fd: Descriptor, device: string, inode: string): void {
    closeIfStill(this, fd, device, inode);
  }

  #create(directory: Descriptor, name: string): Descriptor {
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

  #hold(path: string, flags: number): Descriptor {
    const pin = this.#pins ? openSync(path, flags) : null;
    const status = pin === null ? this.#look(path) : fileStatus(fstatSync(pin, { bigint: true }));
    return this.handles.add({ path, status, mode: 'read', pin });
  }

  #withFile<T>(fd: Descriptor, syscall: string, action: (pin: number) => T): T {
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

  #rename(fromDirectory: Descriptor, from: string, toDirectory: Descriptor, to: string): void {
    callByPath(
      this.handles,
      [
        [fromDirectory, from],
        [toDirectory, to],
      ],
      'rename',
      ([source, target]) => {
        renameSync(source, target);
        this.handles.follow(source, target);
      },
      ([source, target]) => {
        this.handles.follow(target, source);
        renameSync(target, source);
      },
    );
  }

  #exists(directory: Descriptor, name: string): boolean {
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

  /** {@link callByPath}, with patience. */
  #in<T, Names extends Entries>(
    names: readonly [...Names],
    syscall: string,
    call: (paths: Paths<Names>) => T,
    undo?: (paths: Paths<Names>, result: T) => void,
  ): T {
    return insist(this.#platform, () => callByPath(this.handles, names, syscall, call, undo));
  }
}
