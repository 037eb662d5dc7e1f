// The names of the lock's own files. No other file is ever deleted.
import { claimedName, isClaimedName } from '../../backend/claimed-name.js';
import { lockNameOfPrivate, PRIVATE_NAME_EXTRA, privateName } from '../../backend/private-name.js';
import { OWNER_FILE } from '../../record/owner-file.js';

export { claimedName, isClaimedName, lockNameOfPrivate, OWNER_FILE, privateName };

/** The name of owner.json while it is being written, in a private directory. */
export const NEW_OWNER_FILE = 'owner.json.new';

const NONCE = '[0-9a-f]{32}';
const RETIRED = new RegExp(`^retired\\.${NONCE}$`);
/** FUSE and NFS rename a file that is deleted while open to such a name. It vanishes by itself. */
const SHADOW = /^\.(fuse_hidden|nfs)/;

/** The name of owner.json once the lock was released or reclaimed. The file is deleted a moment later. */
export function retiredName(nonce: string): string {
  return `retired.${nonce}`;
}

export function isRetiredName(name: string): boolean {
  return RETIRED.test(name);
}

const GUARD_ENDING = '.takeover';

/** The name of the lock that a process holds while it takes over a file called `lockName`. */
export function guardName(lockName: string): string {
  const name = `.${lockName}${GUARD_ENDING}`;
  // It needs a private name as well.
  return Buffer.byteLength(name) <= MAX_LOCK_NAME ? name : `.lock${GUARD_ENDING}`;
}

/** Most bytes in a lock's name. The private name adds a nonce and two dots, and NAME_MAX is 255. */
export const MAX_LOCK_NAME = 255 - PRIVATE_NAME_EXTRA;

/** True for a file that a program may be about to rename to owner.json, such as `owner.json.tmp`. */
export function isDraftName(name: string): boolean {
  return name !== OWNER_FILE && name.includes(OWNER_FILE);
}

export function isShadowName(name: string): boolean {
  return SHADOW.test(name);
}
