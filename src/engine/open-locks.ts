import { fileURLToPath } from 'node:url';
import { invalidArgument, invalidType } from '../errors.js';
import { FileLocks } from './file-locks.js';
import type { Locks } from './locks.js';

/**
 * Opens locks by an address, so that the same program works on one machine and on many: `file:/data/locks` for a
 * directory, `etcd://host:2379,other:2379/locks/` for etcd, `etcds://` for etcd with TLS. What an address cannot carry,
 * such as a password, is given to `etcd()` of `kernel-identity/etcd`.
 * @example
 * const locks = await openLocks('file:/tmp');
 * await locks.withLock('nightly', (lock) => console.log(lock.fencingToken)); // null
 * await locks.close();
 * @throws TypeError (ERR_INVALID_ARG_TYPE) for what is no such address; ENOENT for a directory that does not exist.
 */
export async function openLocks(address: string | URL): Promise<Locks> {
  const text = address instanceof URL ? address.href : address;
  if (typeof text !== 'string') throw invalidType('address', 'the address of locks', address);
  if (text.startsWith('file:')) return new FileLocks(directoryOf(text));
  if (/^etcds?:/.test(text)) {
    const { openEtcd } = await import('../etcd.js');
    return openEtcd(text);
  }
  // What follows the scheme may hold a password.
  const start = /^[^:/@]{0,20}:/.exec(text)?.[0] ?? text.split('@', 1)[0]?.slice(0, 40);
  throw invalidArgument(
    `an address of locks begins with file:, etcd:// or etcds://, not ${JSON.stringify(start)}`,
  );
}

/** `file:locks` is a directory below the current one, `file:/data/locks` and `file:///data/locks` are absolute. */
function directoryOf(address: string): string {
  const path = address.slice('file:'.length);
  if (path === '') throw invalidArgument('an address of files is written file:DIRECTORY');
  return path.startsWith('/') ? fileURLToPath(address) : decodeURIComponent(path);
}
