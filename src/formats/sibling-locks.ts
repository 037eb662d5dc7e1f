import type { Siblings } from '../record/owner-file.js';

/** The file of Firefox on which its lock is. It says nothing of its owner. */
export const FIREFOX_LOCK = '.parentlock';

/**
 * Files that programs lock in place of the one that names them, by the name of the latter.
 *
 * - OpenClaw, since 2026.7, locks an SQLite database beside its lock: `gateway.state.lock.sqlite`.
 * - Firefox and Thunderbird lock `.parentlock` beside the symbolic link `lock` (nsProfileLock.cpp).
 */
const SIBLINGS: readonly { readonly of: RegExp; readonly called: (name: string) => string }[] = [
  { of: /\.lock$/, called: (name) => `${name}.sqlite` },
  { of: /^lock$/, called: () => FIREFOX_LOCK },
];

/** The files beside the lock `name` in the open directory that its program may have locked. */
export function siblingsOf(directory: Siblings['directory'], name: string): Siblings {
  return { directory, names: siblingNames(name) };
}

export function siblingNames(name: string): string[] {
  return SIBLINGS.filter(({ of }) => of.test(name)).map(({ called }) => called(name));
}
