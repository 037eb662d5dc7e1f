import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs';
import { requireEntryName } from '../arguments.js';
import type { FileStatus, Filesystem } from '../backend.js';
import type { Descriptor } from '../descriptor.js';
import { listNames, readFromStart, writeAtStart } from '../file-content.js';
import { fileStatus, isSameFile } from '../file-status.js';
import { NodeFiles } from '../node-files.js';
import { errnoOf, nullIfMissing, type Subject, systemError, withSubject } from '../system-error.js';
import { readFilesystem } from './filesystem.js';

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;

/** open(2). It is not among Node's constants; the number is the same on every architecture that Node runs on. */
const O_PATH = 0o10000000;

// O_CLOEXEC is not named below because libuv adds it to every open.
// O_NONBLOCK: a FIFO put in the file's place must not keep the reader waiting for a writer.
// O_NOCTTY: a terminal put in the file's place must not become the controlling terminal of the reader.
const FOR_READING = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
const ANEW = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK;

/**
 * The *at calls in plain Node. /proc/self/fd/N is not an ordinary symbolic link: the kernel jumps to the very
 * directory that is open (proc_pid_fd(5)), wherever it was moved meanwhile. Therefore /proc/self/fd/N/name means what
 * openat(N, name) means.
 */
export class ProcfsFiles extends NodeFiles {
  readonly #opened = new Set<Descriptor>();

  openParent(path: string): Descriptor {
    // O_PATH asks for no permission on the directory itself; looking names up needs search permission only.
    return this.#open({ path }, path, O_PATH | O_DIRECTORY);
  }

  findDirectoryAt(directory: Descriptor, name: string): Descriptor | null {
    return nullIfMissing(() =>
      this.#openAt(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK),
    );
  }

  openAt(directory: Descriptor, name: string): Descriptor {
    return this.#openAt(directory, name, FOR_READING);
  }

  mkdirAt(directory: Descriptor, name: string): void {
    const path = entry(directory, name);
    within([directory], 'mkdir', { path: name }, () => mkdirSync(path, 0o777));
  }

  renameAt(fromDirectory: Descriptor, from: string, toDirectory: Descriptor, to: string): void {
    const source = entry(fromDirectory, from);
    const target = entry(toDirectory, to);
    const subject = { path: from, dest: to };
    within([fromDirectory, toDirectory], 'rename', subject, () => renameSync(source, target));
  }

  renameNoReplaceAt(fromDirectory: Descriptor, from: string, toDirectory: Descriptor, to: string): never {
    entry(fromDirectory, from);
    entry(toDirectory, to);
    throw systemError('ENOSYS', 'rename', { path: from, dest: to });
  }

  unlinkAt(directory: Descriptor, name: string): void {
    const path = entry(directory, name);
    within([directory], 'unlink', { path: name }, () => unlinkSync(path));
  }

  rmdirAt(directory: Descriptor, name: string): void {
    const path = entry(directory, name);
    within([directory], 'rmdir', { path: name }, () => rmdirSync(path));
  }

  statAt(directory: Descriptor, name: string): FileStatus {
    const path = entry(directory, name);
    return within([directory], 'lstat', { path: name }, () => fileStatus(lstatSync(path, { bigint: true })));
  }

  statDescriptor(fd: Descriptor): FileStatus {
    return fileStatus(fstatSync(fd, { bigint: true }));
  }

  list(directory: Descriptor, limit: number): string[] {
    // The directory is opened anew, so that two listings of one descriptor both begin at the start.
    return within([directory], 'scandir', {}, () => listNames(`/proc/self/fd/${directory}`, limit));
  }

  read(fd: Descriptor, limit: number): Buffer {
    return readFromStart(fd, limit);
  }

  write(fd: Descriptor, text: string): void {
    writeAtStart(fd, text);
  }

  filesystem(fd: Descriptor): Filesystem {
    return within([fd], 'statfs', {}, () => readFilesystem(`/proc/self/fd/${fd}`));
  }

  adopt(fd: number, device: string, inode: string): Descriptor {
    const inherited = fd as Descriptor;
    if (!isSameFile(this.statDescriptor(inherited), { device, inode })) throw systemError('EBADF', 'fstat');
    this.#opened.add(inherited);
    return inherited;
  }

  close(fd: Descriptor): void {
    // The number may belong to other code in this process by now. Closing that would be far worse than an error.
    if (!this.#opened.delete(fd)) throw systemError('EBADF', 'close');
    closeSync(fd);
  }

  protected create(directory: Descriptor, name: string): Descriptor {
    return this.#openAt(directory, name, ANEW);
  }

  #openAt(directory: Descriptor, name: string, flags: number): Descriptor {
    const path = entry(directory, name);
    return within([directory], 'open', { path: name }, () => this.#open({ path: name }, path, flags));
  }

  #open(subject: Subject, path: string, flags: number): Descriptor {
    const fd = withSubject(subject, () => openSync(path, flags, 0o666)) as Descriptor;
    this.#opened.add(fd);
    return fd;
  }
}

/** Path of the name in the open directory. */
function entry(directory: Descriptor, name: string): string {
  return `/proc/self/fd/${directory}/${requireEntryName(name)}`;
}

/** Runs a call on /proc/self/fd/N/..., and gives its errors the shape that the *at call would have given them. */
function within<T>(descriptors: readonly Descriptor[], syscall: string, subject: Subject, call: () => T): T {
  try {
    return withSubject(subject, call);
  } catch (error) {
    // A closed descriptor has no entry in /proc/self/fd. A caller must not read that as "no such file", because there
    // it means that the lock is free.
    if (errnoOf(error) === 'ENOENT' && !descriptors.every(isOpen)) {
      throw systemError('EBADF', syscall, subject);
    }
    throw error;
  }
}

function isOpen(fd: Descriptor): boolean {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
}
