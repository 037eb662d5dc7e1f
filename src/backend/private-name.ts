const NONCE = '[0-9a-f]{32}';
const PRIVATE = new RegExp(`^\\.(.+)\\.(${NONCE})$`, 's');

/** The directory in which a lock is prepared before it appears under its own name. */
export function privateName(lockName: string, nonce: string): string {
  return `.${lockName}.${nonce}`;
}

/** Bytes by which a private name is longer than that of its lock. */
export const PRIVATE_NAME_EXTRA = privateName('', '0'.repeat(32)).length;

/** The name of the lock for which a private directory was made. null when `name` is no private name. */
export function lockNameOfPrivate(name: string): string | null {
  return PRIVATE.exec(name)?.[1] ?? null;
}

/** The nonce in the name of a private directory. null when `name` is no private name. */
export function nonceOfPrivate(name: string): string | null {
  return PRIVATE.exec(name)?.[2] ?? null;
}
