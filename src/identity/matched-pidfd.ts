import type { Backend } from '../backend/backend.js';
import type { Descriptor } from '../backend/descriptor.js';
import { isErrno } from '../backend/system-error.js';

/**
 * Opens a pidfd of the process that is meant. null when the number is another process's, or when no pidfd can
 * be opened. The caller closes it.
 * @param isMeant is called once the pidfd is open, and checks the process that has the number `pid` then. If
 * that is the one that is meant, the pidfd is that process's, whatever becomes of the number.
 */
export function openMatchedPidfd(
  { processes, files }: Backend,
  pid: number,
  isMeant: () => boolean,
): Descriptor | null {
  const pidfd = processes.openPidfd(pid);
  if (isErrno(pidfd)) return null;
  let matched = false;
  try {
    matched = isMeant();
    return matched ? pidfd : null;
  } finally {
    if (!matched) files.close(pidfd);
  }
}
