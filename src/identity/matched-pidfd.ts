import type { Backend } from '../backend/backend.js';
import type { Descriptor } from '../backend/descriptor.js';

/**
 * A pidfd of the process that is meant. `isMeant` looks at the number once the pidfd is open: if it has the process then,
 * the pidfd is that process's, whatever becomes of the number. To be closed; null: it is another's, or cannot be opened.
 */
export function openMatchedPidfd(
  { processes, files }: Backend,
  pid: number,
  isMeant: () => boolean,
): Descriptor | null {
  const pidfd = processes.openPidfd(pid);
  if (typeof pidfd === 'string') return null;
  let matched = false;
  try {
    matched = isMeant();
    return matched ? pidfd : null;
  } finally {
    if (!matched) files.close(pidfd);
  }
}
