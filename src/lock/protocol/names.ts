// The lock's own files. Nothing else is ever deleted.
export { OWNER_FILE } from '../../record/owner-file.js';
/** owner.json while its content is being written, in a private directory. */
export const NEW_OWNER_FILE = 'owner.json.new';

const NONCE = '[0-9a-f]{32}';
const RETIRED = new RegExp(`^retired\\.${NONCE}$`);
const CLAIMED = new RegExp(`^claimed\\.${NONCE}$`);
const PRIVATE = new RegExp(`^\\.(.+)\\.${NONCE}$`, 's');
/** What FUSE and NFS leave in place of a file that was deleted while open: it goes away by itself. */
const SHADOW = /^\.(fuse_hidden|nfs)/;

/** owner.json of a lock that was released or reclaimed, for the moment until it is deleted. */
export function retiredName(nonce: string): string {
  return `retired.${nonce}`;
}

export function isRetiredName(name: string): boolean {
  return RETIRED.test(name);
}

/** owner.json between the two steps by which it is retired where names are looked up anew at each call: neither held nor released, as far as anybody can tell. */
export function claimedName(nonce: string): string {
  return `claimed.${nonce}`;
}

export function isClaimedName(name: string): boolean {
  return CLAIMED.test(name);
}

/** The directory in which a lock is made ready before it appears under its name. */
export function privateName(lockName: string, nonce: string): string {
  return `.${lockName}.${nonce}`;
}

/** Bytes that the name of a lock may have, so that the private one, a nonce and two dots longer, is a name as well. */
export const MAX_LOCK_NAME = 255 - privateName('', '0'.repeat(32)).length;

/** The lock that a private directory was made for; null: its name is not that of one. */
export function lockNameOfPrivate(name: string): string | null {
  return PRIVATE.exec(name)?.[1] ?? null;
}

export function isShadowName(name: string): boolean {
  return SHADOW.test(name);
}
