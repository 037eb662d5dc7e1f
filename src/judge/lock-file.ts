import type { FileStatus } from '../backend/backend.js';
import { traitsOf } from '../backend/filesystem-traits.js';
import { typeOfFile } from '../backend/fuse-type.js';
import type { OwnerFile } from '../record/owner-file.js';
import type { OwnerRecord } from '../record/owner-record.js';
import type { LockFile } from './observation.js';

/** What of the observer, and around the file, tells whether it is the one that the owner locked. */
export interface LockFileSurroundings {
  /** The observer's own host name. null when it is not known. */
  readonly hostname: string | null;
  /** Reads the status of the directory that the file is in; null when there is none. */
  statDirectory(): FileStatus | null;
}

/** For callers that know nothing of that; where it would decide, they get no answer. */
export const NO_SURROUNDINGS: LockFileSurroundings = { hostname: null, statDirectory: () => null };

/** The reason where a record was read from no file. */
export const NO_FILE = 'no file to test';

/**
 * How the file in which a record is found relates to the one on which its owner took the witness. `no-test`:
 * a lock on it cannot be tested, or no witness was recorded.
 *
 * @param around is asked only where the file's own numbers do not decide.
 */
export function lockFileOf(
  { witness: recorded, filesystem, identity }: OwnerRecord,
  owner: OwnerFile | null,
  around: LockFileSurroundings,
): LockFile | 'no-test' {
  if (recorded === null || owner === null) return 'no-test';
  const type = typeOfFile(owner);
  const { testableWitness, stableInodes, keepsDevice, mayShowOtherHosts } = traitsOf(type);
  if (!testableWitness || type !== filesystem) return 'no-test';
  if (mayShowOtherHosts && !isOfHost(around.hostname, identity)) return 'no-test';
  const { device, inode } = owner.status;
  // A file that its owner has open keeps the device of its filesystem, so nobody holds one under another device.
  const isElsewhere = device !== recorded.device && keepsDevice;
  if (inode === recorded.inode) {
    if (device === recorded.device) return 'recorded';
    return isElsewhere ? 'reattached' : 'unclear';
  }
  if (isElsewhere) return 'copied';
  if (recorded.directory === null || !stableInodes) return 'unclear';
  // One that has the directory of the owner is a replacement, as `sed -i` makes it.
  const directory = around.statDirectory();
  const isOther = directory !== null && directory.device === device && directory.inode !== recorded.directory;
  return isOther ? 'copied' : 'unclear';
}

function isOfHost(hostname: string | null, identity: OwnerRecord['identity']): boolean {
  return hostname !== null && identity?.hostname === hostname;
}

/** Says in words, for the evidence, why the file is not the recorded one, or why no lock on it is tested. */
export function whyNotRecorded(
  { witness: recorded, filesystem, identity }: OwnerRecord,
  owner: OwnerFile | null,
  { hostname }: Pick<LockFileSurroundings, 'hostname'>,
): string {
  if (owner === null) return NO_FILE;
  const type = typeOfFile(owner);
  const { testableWitness, mayShowOtherHosts } = traitsOf(type);
  if (!testableWitness) return `locks on ${type} prove nothing`;
  if (recorded === null) return 'no witness recorded';
  if (type !== filesystem) return `recorded on ${filesystem ?? 'an unknown filesystem'}, seen on ${type}`;
  if (mayShowOtherHosts && !isOfHost(hostname, identity)) {
    return `of host ${identity?.hostname ?? 'unknown'}, and this is ${hostname ?? 'unknown'}`;
  }
  const { device, inode } = owner.status;
  if (inode !== recorded.inode) return `inode ${inode} is another file`;
  return `device ${device} is another mount`;
}
