// A shell cannot get a descriptor from a program that it starts, but what it has open itself the program can lock:
// a lock of fcntl(2) belongs to the open file description, which both share. So the shell opens the file of lifelines,
// and the lock's own lifeline is taken through that descriptor. The lock is then held by the shell, and by whatever
// inherits the descriptor from it, and no other process has to stay.
import { fstatSync, statSync } from 'node:fs';
import type { Descriptor } from '../backend/descriptor.js';
import { LIFELINE_INODES } from '../backend/initial-namespaces.js';
import { ownCommand } from '../backend/own-command.js';
import { currentBackend } from '../backend/select.js';
import { isSystemError } from '../backend/system-error.js';
import { Lock } from './lock.js';
import { type AcquireOptions, checkAcquireOptions } from './options.js';
import type { PublishedLock } from './protocol/publish.js';
import { acquireAsync } from './waiting/acquire.js';

/**
 * The file of lifelines on which a descriptor is open that this process inherited; null for any other file. Call it
 * before anything else of this package, which opens that file as well, and may do so under the same number.
 */
export function lifelineFileOn(descriptor: number): string | null {
  try {
    const { dev, ino } = fstatSync(descriptor, { bigint: true });
    // All namespace files lie on the one filesystem nsfs.
    if (dev !== statSync('/proc/self/ns/pid', { bigint: true }).dev) return null;
    const [space] = [...LIFELINE_INODES].find(([, inode]) => inode === ino) ?? [];
    return space === undefined ? null : fileOf(space);
  } catch (error) {
    if (isSystemError(error)) return null;
    throw error;
  }
}

/** The file on which lifelines are taken. null where none can be taken. */
export function lifelineFile(): string | null {
  const [space] = currentBackend().lifeline.takeOfProcess()?.split(':') ?? [];
  return space === undefined ? null : fileOf(space);
}

function fileOf(space: string): string {
  return `/proc/self/ns/${space}`;
}

/**
 * Acquires a lock for all processes that have the open file description of `descriptor`, now or by inheritance: it is
 * held until the last of them has closed it, whatever becomes of this process. Then it is free, but its directory is
 * left for the next contender to remove.
 *
 * Its record names no witness, because only this process could keep one.
 * @throws the errors of {@link acquireLock}; an Error where the lock would need a lease, which nobody would renew;
 * EXDEV and EBADF for a descriptor that is not open on {@link lifelineFile}.
 */
export async function holdThrough(descriptor: number, path: string, options: AcquireOptions): Promise<void> {
  checkAcquireOptions(options);
  const internal = { ...options, handOver: true, withoutWitness: true };
  const { published } = await acquireAsync(path, internal);
  try {
    passTo(descriptor as Descriptor, published);
  } catch (error) {
    new Lock(published).releaseSync();
    throw error;
  }
}

function passTo(descriptor: Descriptor, { lockPath, record, lifeline }: PublishedLock): void {
  if (lifeline === null || record.lease !== null) {
    const what = `a lock on ${record.filesystem} needs a lease, which nobody would renew`;
    throw new Error(`${what}; ${ownCommand()} run keeps it while a command runs`);
  }
  lockPath.backend.lifeline.takeThrough(descriptor, lifeline.text);
}
