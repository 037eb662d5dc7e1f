// A file lease (F_SETLEASE of fcntl(2)) is not the lease of a lock: a file server takes it to hear of others
// that open the file.
import { isSystemError } from '../../backend/system-error.js';

/** The description of a lock whose file {@link isLeased}. */
export const LEASED =
  'another program has a lease on the file (fcntl F_SETLEASE, as file servers take), which it has not given back yet';

/**
 * True when a file could not be opened because of another program's file lease. The kernel has asked that
 * program to give it back, and takes it away after 45 s (/proc/sys/fs/lease-break-time). So the file can be
 * opened later, and says nothing until then.
 */
export function isLeased(error: unknown): boolean {
  return isSystemError(error) && error.code === 'EAGAIN' && /^open(at)?$/.test(error.syscall);
}
