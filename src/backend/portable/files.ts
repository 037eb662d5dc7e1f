import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { sep } from 'node:path';
import { requireEntryName } from '../arguments.js';
import type { FileStatus, Filesystem } from '../backend.js';
import type { Descriptor } from '../descriptor.js';
import { listNames, modeForFileIn, readFromStart, writeAtStart } from '../file-content.js';
import { fileStatus, isSameFile } from '../file-status.js';
import { NodeFiles } from '../node-files.js';
import { nullIfMissing, systemError, withSubject } from '../system-error.js';
import { callByPath, type Entries, lookFor, type Paths } from './by-path.js';
import { HandleTable } from './handles.js';
import { insist } from './insist.js';
import { placeType } from './place.js';

// Windows has only the first four of these flags.
const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL } = constants;
const { O_DIRECTORY = 0, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_NOCTTY = 0 } = constants;

/** The *at calls by path: see {@link callByPath}. */
export class PortableFiles extends NodeFiles {
  readonly handles = new HandleTable();
  readonly #platform: NodeJS.Platform;
  /** Whether an open file is kept open: see {@link Handle.pin}. */
  readonly #pins: boolean;

  /** @param platform the system whose behaviour to expect. */
  constructor(platform: NodeJS.Platform) {
    super();
    this.#platform = platform;
    this.#pins = platform !== 'win32';
  }

  openParent(path: string): Descriptor {
    if (path.includes('\0')) throw new TypeError('a path holds no null byte');
    return withSubject({ path }, () => {
      const status = fileStatus(statSync(path, { bigint: true }));
      if (status.kind !== 'directory') throw systemError('ENOTDIR', 'open');
      // No pin: a directory that the process may enter but not read cannot be opened.
      return this.handles.add({ path, status, mode: 'read', pin: null });
    });
  }

  findDirectoryAt(directory: Descriptor, name: string): Descriptor | null {
    return nullIfMissing(() =>
      this.#in(
        [[directory, name]],
        'open',
        ([path]) => {
          if (lstat(path).kind !== 'directory') throw systemError('ENOTDIR', 'open');
          return this.#hold(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK);
        },
        (_, fd) => this.handles.close(fd),
      ),
    );
  }

  openAt(directory: Descriptor, name: string): Descriptor {
    return this.#in(
      [[directory, name]],
      'open',
      ([path]) => {
        const status = lstat(path);
        if (status.kind === 'symlink') throw systemError('ELOOP', 'open');
        // A device or FIFO is not opened, because opening alone rewinds a tape, and a FIFO waits for its writer.
        if (status.kind === 'other') return this.handles.add({ path, status, mode: 'read', pin: null });
        return this.#hold(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
      },
      (_, fd) => this.handles.close(fd),
    );
  }

  mkdirAt(directory: Descriptor, name: string): void {
    this.#in(
      [[directory, name]],
      'mkdir',
      ([path]) => mkdirSync(path, 0o777),
      ([path]) => rmdirSync(path),
    );
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
      // Windows itself refuses to rename over a directory that has something in it. This finds an empty one.
      requireFree();
      try {
        this.#rename(fromDirectory, from, toDirectory, to);
      } catch (error) {
        // EPERM may pass (see insist), but Windows also gives it for a directory in the way.
        requireFree();
        throw error;
      }
    });
  }

  linkAt(directory: Descriptor, from: string, to: string): void {
    this.#in(
      [
        [directory, from],
        [directory, to],
      ],
      'link',
      ([source, target]) => linkSync(source, target),
      ([, target]) => unlinkSync(target),
    );
  }

  unlinkAt(directory: Descriptor, name: string): void {
    this.#in([[directory, name]], 'unlink', ([path]) => unlinkSync(path));
  }

  rmdirAt(directory: Descriptor, name: string): void {
    this.#in([[directory, name]], 'rmdir', ([path]) => rmdirSync(path));
  }

  override rmdirIfAt(directory: Descriptor, name: string, fd: Descriptor): void {
    const { status } = this.handles.get(fd, 'fstat');
    this.#in([[directory, name]], 'rmdir', ([path]) => {
      if (isSameFile(lstat(path), status)) rmdirSync(path);
    });
  }

  /**
   * A process that is killed between the two deletions leaves an empty directory, which others take only after 30 s. So no
   * check comes between them: that the file was there shows whose directory it is.
   */
  unlinkLastAt(directory: Descriptor, name: string, fd: Descriptor, file: string): boolean {
    const { status } = this.handles.get(fd, 'fstat');
    return this.#in([[directory, name]], 'unlink', ([path]) => {
      if (!isSameFile(lstat(path), status)) throw systemError('ENOENT', 'unlink');
      unlinkSync(path + sep + requireEntryName(file));
      try {
        rmdirSync(path);
        return true;
      } catch {
        return false;
      }
    });
  }

  statAt(directory: Descriptor, name: string): FileStatus {
    return this.#in([[directory, name]], 'lstat', ([path]) => lstat(path));
  }

  /** A file or directory that is no longer where this process left it is reported as it was, with 0 links. */
  statDescriptor(fd: Descriptor): FileStatus {
    const handle = this.handles.get(fd, 'fstat');
    if (handle.pin !== null && handle.status.kind === 'file') {
      return fileStatus(fstatSync(handle.pin, { bigint: true }));
    }
    return lookFor(handle) ?? { ...handle.status, links: 0 };
  }

  list(directory: Descriptor, limit: number): string[] {
    const names = () => this.#in([[directory, '']], 'scandir', ([path]) => listNames(path, limit));
    // A directory that is gone lists as empty, because that is what Linux answers through a descriptor of one.
    return nullIfMissing(names) ?? [];
  }

  read(fd: Descriptor, limit: number): Buffer {
    return this.#withFile(fd, 'read', (pin) => readFromStart(pin, limit));
  }

  write(fd: Descriptor, text: string): void {
    this.#withFile(fd, 'write', (pin) => writeAtStart(pin, text));
  }

  /** Windows has no modes, and there is no descriptor of the kernel there either. */
  takeModeOf(fd: Descriptor, directory: Descriptor): void {
    const { pin } = this.handles.get(fd, 'fchmod');
    const within = this.handles.get(directory, 'fstat').pin;
    if (pin !== null && within !== null) fchmodSync(pin, modeForFileIn(fstatSync(within)));
  }

  filesystem(fd: Descriptor): Filesystem {
    const { path, status } = this.handles.get(fd, 'statfs');
    return { type: placeType(this.#platform, path, status.device), fsid: null };
  }

  /**
   * The kernel knows nothing of the descriptors of this backend, so no process inherits any. A witness can be
   * inherited: see {@link OpenWitness}.
   */
  adopt(_fd: number, _device: string, _inode: string): never {
    throw systemError('ENOSYS', 'fcntl');
  }

  close(fd: Descriptor): void {
    this.handles.close(fd);
  }

  protected create(directory: Descriptor, name: string): Descriptor {
    return this.#in(
      [[directory, name]],
      'open',
      ([path]) => {
        const fd = openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK, 0o600);
        if (!this.#pins) closeSync(fd);
        const status = this.#pins ? fileStatus(fstatSync(fd, { bigint: true })) : lstat(path);
        return this.handles.add({ path, status, mode: 'create', pin: this.#pins ? fd : null });
      },
      ([path], fd) => {
        this.handles.close(fd);
        unlinkSync(path);
      },
    );
  }

  /** Opens the file, and keeps it open except on Windows. */
  #hold(path: string, flags: number): Descriptor {
    const pin = this.#pins ? openSync(path, flags) : null;
    const status = pin === null ? lstat(path) : fileStatus(fstatSync(pin, { bigint: true }));
    return this.handles.add({ path, status, mode: 'read', pin });
  }

  /** Runs `action` on a descriptor of the kernel: the one that is kept open, or else one just for this call. */
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

  /** {@link callByPath}, repeated as {@link insist} does. */
  #in<T, Names extends Entries>(
    names: readonly [...Names],
    syscall: string,
    call: (paths: Paths<Names>) => T,
    undo?: (paths: Paths<Names>, result: T) => void,
  ): T {
    return insist(this.#platform, () => callByPath(this.handles, names, syscall, call, undo));
  }
}

function lstat(path: string): FileStatus {
  return fileStatus(lstatSync(path, { bigint: true }));
}
