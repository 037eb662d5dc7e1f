// Where a lock shows in the descriptors of the processes that hold it or wait for it.
import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { traitsOf } from '../backend/filesystem-traits.js';
import { readFilesystem } from '../backend/procfs/filesystem.js';
import {
  isSameFile,
  type LockedFile,
  type LockLine,
  lockLinesIn,
  splitDevice,
} from '../backend/procfs/locks.js';
import { hasOwnerFile } from '../formats/format.js';
import { siblingNames } from '../formats/sibling-locks.js';
import { LIFELINES } from '../identity/list-lifelines.js';
import type { DescriptorSearch, Pid } from '../identity/lock-descriptors.js';
import { OWNER_FILE } from '../record/owner-file.js';
import type { InspectedLock } from './inspect.js';

/** What of a lock its holders are searched by. */
export type SearchedLock = Pick<InspectedLock, 'path' | 'format' | 'state' | 'owner' | 'verdict'>;

/** What shows in descriptors that a process holds a lock or waits for it. */
export interface Target {
  readonly lock: SearchedLock;
  /** The files on which the lock's holder may have a lock of the kernel. */
  readonly files: readonly TargetFile[];
  /** The directory that waiters watch. */
  readonly directory: TargetFile | null;
  readonly lifeline: string | null;
  readonly by: 'witness' | 'file-lock';
}

interface TargetFile extends LockedFile {
  readonly name: string;
  /** False on btrfs and overlay, where the kernel names another device than stat(2). */
  readonly hasTrueDevice: boolean;
}

/** null for a lock that nobody can hold. */
export function targetOf(lock: SearchedLock): Target | null {
  const { state, path, format, owner } = lock;
  if (state === 'free' || state === 'stale') return null;
  const isDirectory = hasOwnerFile(format);
  return {
    lock,
    files: (isDirectory ? [join(path, OWNER_FILE)] : [path, ...siblingPaths(path)])
      .map((file) => targetFile(file, 'file'))
      .filter((file) => file !== null),
    directory: isDirectory ? targetFile(path, 'directory') : null,
    // The lifeline of a process shows nothing of a lock that has a sign of its own.
    lifeline: owner?.lifeline ?? (owner?.witness ? null : (owner?.identity?.lifeline ?? null)),
    by: format === 'kernel-identity' ? 'witness' : 'file-lock',
  };
}

function siblingPaths(path: string): string[] {
  return siblingNames(basename(path)).map((name) => join(dirname(path), name));
}

function targetFile(path: string, kind: 'file' | 'directory'): TargetFile | null {
  try {
    const status = statSync(path, { bigint: true });
    if (kind === 'file' ? !status.isFile() : !status.isDirectory()) return null;
    const { locksByStDev } = traitsOf(readFilesystem(path).type);
    const name = basename(path);
    return { ...splitDevice(status.dev), inode: status.ino, name, hasTrueDevice: locksByStDev };
  } catch {
    return null;
  }
}

/** What the descriptors of processes show of one lock. */
export interface FoundFor {
  readonly held: readonly Held[];
  readonly watching: readonly Pid[];
}

interface Held {
  readonly pid: Pid;
  readonly through: 'witness' | 'lifeline' | 'file-lock';
  /** The process that took the lock. null where the kernel does not say. */
  readonly taker: number | null;
}

const INOTIFY = 'anon_inode:inotify';

/** Searches for many locks at once, by the numbers of their files. */
export class HolderSearch implements DescriptorSearch {
  readonly #byFile = new Map<bigint, { readonly target: Target; readonly file: TargetFile }[]>();
  readonly #byDirectory = new Map<bigint, Target[]>();
  readonly #byLifeline = new Map<string, Target[]>();
  readonly #held = new Map<Target, Held[]>();
  readonly #watching = new Map<Target, Pid[]>();

  constructor(targets: readonly Target[]) {
    for (const target of targets) {
      for (const file of target.files) add(this.#byFile, file.inode, { target, file });
      if (target.directory !== null) add(this.#byDirectory, target.directory.inode, target);
      if (target.lifeline !== null) add(this.#byLifeline, target.lifeline, target);
    }
  }

  mayBe(link: string): boolean {
    return link.startsWith('/') || link === INOTIFY || LIFELINES.mayBe(link);
  }

  take(fdinfo: string, link: string, pid: Pid): void {
    if (link === INOTIFY) this.#takeWatches(fdinfo, pid);
    else if (LIFELINES.mayBe(link)) this.#takeLifelines(fdinfo, link, pid);
    else if (fdinfo.includes('\nlock:')) this.#takeLocks(fdinfo, link, pid);
  }

  found(target: Target): FoundFor {
    return { held: this.#held.get(target) ?? [], watching: this.#watching.get(target) ?? [] };
  }

  #takeLocks(fdinfo: string, link: string, pid: Pid): void {
    for (const line of lockLinesIn(fdinfo)) {
      for (const { target, file } of this.#byFile.get(line.file.inode) ?? []) {
        if (!isOn(line.file, file, link)) continue;
        if (target.by === 'witness' && !isWitness(line)) continue;
        add(this.#held, target, { pid, through: target.by, taker: line.pid });
      }
    }
  }

  #takeLifelines(fdinfo: string, link: string, pid: Pid): void {
    for (const lifeline of LIFELINES.namesIn(fdinfo, link)) {
      for (const target of this.#byLifeline.get(lifeline) ?? []) {
        add(this.#held, target, { pid, through: 'lifeline', taker: null });
      }
    }
  }

  /** inotify wd:1 ino:20c3f sdev:fe00000 mask:d48 ...: hexadecimal, with 20 bits for the minor number. */
  #takeWatches(fdinfo: string, pid: Pid): void {
    for (const [, number, device] of fdinfo.matchAll(/^inotify wd:\S+ ino:([0-9a-f]+) sdev:([0-9a-f]+) /gm)) {
      for (const target of this.#byDirectory.get(BigInt(`0x${number}`)) ?? []) {
        const { major, minor, hasTrueDevice } = target.directory as TargetFile;
        if (hasTrueDevice && BigInt(`0x${device}`) !== (major << 20n) + minor) continue;
        add(this.#watching, target, pid);
      }
    }
  }
}

function isWitness({ kind, access, start, end }: LockLine): boolean {
  return kind === 'OFDLCK' && access === 'WRITE' && start === '0' && end === 'EOF';
}

/** Where the device cannot be compared, the name must do. A file that was renamed since it was opened has its new one. */
function isOn(found: LockedFile, file: TargetFile, link: string): boolean {
  return file.hasTrueDevice ? isSameFile(found, file) : basename(link) === file.name;
}

/** The locks and waits of /proc/locks, by the inode of their file. Empty where it cannot be read. */
export function listedLocks(): ReadonlyMap<bigint, readonly LockLine[]> {
  const lines = new Map<bigint, LockLine[]>();
  try {
    for (const line of lockLinesIn(readFileSync('/proc/locks', 'latin1'))) add(lines, line.file.inode, line);
  } catch {
    // What is not listed is only not named.
  }
  return lines;
}

/** The locks and waits on the files of a lock. None where the list names a file by another device. */
export function linesOn({ files }: Target, listed: ReadonlyMap<bigint, readonly LockLine[]>): LockLine[] {
  return files
    .filter(({ hasTrueDevice }) => hasTrueDevice)
    .flatMap((file) => (listed.get(file.inode) ?? []).filter((line) => isSameFile(line.file, file)));
}

function add<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
