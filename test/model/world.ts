/**
 * The part of a file system that the lock needs, as plain values: one lock name, one private name for each
 * process, directories, and owner files that carry a witness. Each function is one system call, hence one
 * step that nothing can interrupt. It returns an errno name when the call fails.
 */

/** The content of a directory. Files are numbers into `World.files`; -1 means that there is no such entry. */
export interface Directory {
  /** owner.json */
  owner: number;
  /** owner.json.new */
  fresh: number;
  /** claimed.<nonce> */
  claimed: Claim[];
  /** retired.<nonce>: up to two, for the protocols that put a second owner.json into a directory. */
  retired: number[];
  /** It holds something that is no file of a lock. */
  alien: boolean;
  /** False once it is removed. Processes that hold it open still see it, empty. */
  linked: boolean;
  /** The process that made it. */
  maker: number;
  /** It has been without owner.json for the whole of the grace. */
  aged: boolean;
}

export interface Claim {
  readonly file: number;
  /** The nonce in the name. A release uses that of its lock, which is -1 less the number of the process. */
  readonly nonce: number;
}

/** A file, and its name: owner.json.new, a retired one, or a claimed one by its nonce. */
export interface Entry {
  readonly file: number;
  readonly name: 'fresh' | 'retired' | number;
}

/** owner.json, or a claimed file by its nonce. */
export type FileName = 'owner' | number;

interface OwnerFile {
  /** The process whose record is in it. */
  by: number;
  /** The process that has the file lock on it, which ends with the process; -1 when there is none. */
  witness: number;
}

export interface Process {
  alive: boolean;
  /** The name of its next step. */
  at: string;
  /** The directory that it made to publish, held open; -1 when there is none. */
  own: number;
  /** The file that its witness is on. */
  file: number;
  /** The directory that it looks at, held open. */
  view: number;
  /** The owner.json that it found there. */
  seen: number;
  /** The name under which it found it there. */
  name: FileName;
  /** The process whose record it read in it. */
  judged: number;
  /** The name under which it opened that directory. */
  target: Name;
  /** What it found listed there, still to be unlinked. */
  listed: Entry[];
  /** It found that directory past the grace. */
  aged: boolean;
}

/** A number is the private name of that process. */
export type Name = 'lock' | 'guard' | 'aside' | number;

export interface World {
  names: Map<Name, number>;
  directories: Directory[];
  files: OwnerFile[];
  processes: Process[];
  /** How many nonces were drawn. */
  nonces: number;
}

export type Errno = 'ENOENT' | 'EEXIST' | 'ENOTEMPTY';

function isEmpty({ owner, fresh, claimed, retired, alien }: Directory): boolean {
  return owner < 0 && fresh < 0 && claimed.length === 0 && retired.length === 0 && !alien;
}

export function directoryAt(world: World, name: Name): number {
  return world.names.get(name) ?? -1;
}

export function mkdir(world: World, name: Name, maker: number): Errno | null {
  if (world.names.has(name)) return 'EEXIST';
  world.names.set(name, world.directories.length);
  world.directories.push({
    owner: -1,
    fresh: -1,
    claimed: [],
    retired: [],
    alien: false,
    linked: true,
    maker,
    aged: false,
  });
  return null;
}

/** Removes the directory of that name, if it is empty. */
export function rmdir(world: World, name: Name): Errno | null {
  const directory = world.directories[directoryAt(world, name)];
  if (directory === undefined) return 'ENOENT';
  if (!isEmpty(directory)) return 'ENOTEMPTY';
  directory.linked = false;
  world.names.delete(name);
  return null;
}

/** rename(2) of a directory: an empty one at the target is replaced, but with RENAME_NOREPLACE none is. */
export function renameDirectory(world: World, from: Name, to: Name, replace: boolean): Errno | null {
  const moved = world.names.get(from);
  if (moved === undefined) return 'ENOENT';
  const inTheWay = world.directories[directoryAt(world, to)];
  if (inTheWay !== undefined) {
    if (!replace) return 'EEXIST';
    if (!isEmpty(inTheWay)) return 'ENOTEMPTY';
    inTheWay.linked = false;
  }
  world.names.delete(from);
  world.names.set(to, moved);
  return null;
}

/** Ends a process and closes all its descriptors. What it made stays. */
export function endProcess(world: World, index: number): void {
  world.processes[index] = { ...outside('dead'), alive: false };
  for (const file of world.files) if (file.witness === index) file.witness = -1;
}

export function outside(at: string): Process {
  const nothing = { own: -1, file: -1, view: -1, seen: -1, judged: -1 };
  return { alive: true, at, ...nothing, name: 'owner', target: 'lock', listed: [], aged: false };
}

export function copyWorld(world: World): World {
  return {
    nonces: world.nonces,
    names: new Map(world.names),
    directories: world.directories.map((directory) => ({
      ...directory,
      claimed: [...directory.claimed],
      retired: [...directory.retired],
    })),
    files: world.files.map((file) => ({ ...file })),
    processes: world.processes.map((process) => ({ ...process, listed: [...process.listed] })),
  };
}

/**
 * A text that is equal for two worlds that no process can tell apart. Directories and files are numbered in
 * the order in which they are found, and unreachable ones are left out.
 */
export function keyOf(world: World): string {
  const directories = new Map<number, number>();
  const files = new Map<number, number>();
  const nonces = new Map<FileName, number>();
  const parts: unknown[] = [];
  const nameOfNonce = (name: FileName): FileName => {
    if (name === 'owner' || name < 0) return name;
    const number = nonces.get(name) ?? nonces.size;
    nonces.set(name, number);
    return number;
  };
  const nameOfFile = (id: number): string => {
    const file = world.files[id];
    if (file === undefined) return '-';
    const number = files.get(id) ?? files.size;
    files.set(id, number);
    return `${number}.${file.by}.${file.witness}`;
  };
  const nameOfEntry = ({ file, name }: Entry): string =>
    `${nameOfFile(file)} ${typeof name === 'string' ? name : nameOfNonce(name)}`;
  const nameOfDirectory = (id: number): string => {
    const directory = world.directories[id];
    if (directory === undefined) return '-';
    const known = directories.get(id);
    if (known !== undefined) return String(known);
    const number = directories.size;
    directories.set(id, number);
    const { owner, fresh, claimed, retired, alien, linked, maker, aged } = directory;
    const claims = claimed.map(({ file, nonce }) => `${nameOfFile(file)} claimed.${nameOfNonce(nonce)}`);
    const entries = [...[owner, fresh, ...retired].map(nameOfFile), ...claims].join(',');
    return `${number}[${entries}${alien ? ' alien' : ''}${linked ? '' : ' gone'}${aged ? ' aged' : ''} ${world.processes[maker]?.alive === true ? maker : ''}]`;
  };
  for (const name of NAMES)
    if (world.names.has(name)) parts.push(name, nameOfDirectory(directoryAt(world, name)));
  for (const { at, own, file, view, seen, name, judged, target, listed, aged } of world.processes) {
    const descriptors = `${nameOfDirectory(own)} ${nameOfFile(file)} ${nameOfDirectory(view)} ${nameOfFile(seen)}`;
    parts.push(
      `${at} ${descriptors} ${nameOfNonce(name)} ${judged} ${target} ${listed.map(nameOfEntry).join(',')} ${aged}`,
    );
  }
  return parts.join(';');
}

const NAMES: readonly Name[] = ['lock', 'guard', 'aside', 0, 1, 2];
