import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { LIFELINE_INODES } from '../backend/initial-namespaces.js';
import { heldBytes } from '../backend/procfs/lifeline.js';
import { readContainerId } from './container-id.js';
import type { Observer } from './observer.js';

/** A process that holds a lifeline. */
export interface LifelineHolder {
  /** Its number in this PID namespace. */
  readonly pid: number;
  /** True for the process that asks. */
  readonly self: boolean;
  /** Its name in /proc/PID/comm, at most 15 bytes, which it chooses itself. null when it is not known. */
  readonly command: string | null;
  /** Shown to people; never evidence. null when it is not known. */
  readonly containerId: string | null;
}

/** What readlink(2) gives for a descriptor of a namespace file (nsfs), and the space that the file carries. */
const SPACES: ReadonlyMap<string, string> = new Map(
  [...LIFELINE_INODES].map(([space, inode]) => [`${space}:[${inode}]`, space]),
);

/**
 * Searches the descriptors of all processes for those through which lifelines are held. Another user's process does
 * not show its descriptors, and a container shows no process outside of it, so a lifeline that is missing here is
 * held all the same.
 */
export function findLifelineHolders(observer: Observer): ReadonlyMap<string, readonly LifelineHolder[]> {
  const holders = new Map<string, LifelineHolder[]>();
  for (const name of processesOf(observer)) {
    const lifelines = heldBy(name);
    if (lifelines.size === 0) continue;
    const holder = describe(name);
    for (const lifeline of lifelines) holders.set(lifeline, [...(holders.get(lifeline) ?? []), holder]);
  }
  return holders;
}

/**
 * The names of processes in /proc. A /proc of another PID namespace has other numbers than this process knows, so
 * there only `self` can be named.
 */
function processesOf({ ownProc }: Observer): string[] {
  if (!ownProc) return ['self'];
  const own = String(process.pid);
  return namesIn('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => (name === own ? 'self' : name));
}

/** The answer is a set, because a process that has copied a descriptor holds one lifeline by several. */
function heldBy(name: string): Set<string> {
  const lifelines = new Set<string>();
  for (const fd of namesIn(`/proc/${name}/fd`)) {
    const space = SPACES.get(linkTarget(`/proc/${name}/fd/${fd}`) ?? '');
    if (space === undefined) continue;
    for (const offset of heldBytes(fileText(`/proc/${name}/fdinfo/${fd}`) ?? '')) {
      lifelines.add(`${space}:${offset}`);
    }
  }
  return lifelines;
}

function describe(name: string): LifelineHolder {
  const self = name === 'self';
  return {
    pid: self ? process.pid : Number(name),
    self,
    command: fileText(`/proc/${name}/comm`)?.replace(/\n$/, '') ?? null,
    containerId: readContainerId(self ? 'self' : Number(name)),
  };
}

/** Empty where the directory is hidden, forbidden or gone. */
function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function linkTarget(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

function fileText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
