import type { Backend, Errno, WatchOperations } from '../backend/backend.js';
import type { Descriptor } from '../backend/descriptor.js';
import { compareIdentities, compareNamespace } from '../identity/compare.js';
import { openMatchedPidfd } from '../identity/matched-pidfd.js';
import { openDescendantPidfd } from '../identity/namesakes.js';
import { observeProcess } from '../identity/observe-process.js';
import type { Observer } from '../identity/observer.js';
import type { ProcessIdentity } from '../identity/process-identity.js';
import { ownIdentity } from '../identity/read.js';

/**
 * Opens a pidfd of a process in this process's own PID namespace, or in one below it, for which all of /proc is searched.
 * null when it is not seen there. The caller closes it.
 */
export function openPidfdOf(observer: Observer, identity: ProcessIdentity): Descriptor | null {
  return openOwnPidfd(observer, identity) ?? openPidfdBelow(observer, identity);
}

/** The same for a process in this process's own PID namespace. */
export function openOwnPidfd(observer: Observer, identity: ProcessIdentity): Descriptor | null {
  return openMatchedPidfd(observer.backend, identity.pid, () => {
    const { identity: found } = observeProcess(observer, identity.pid, identity.pidfdInode === null);
    return found !== null && compareIdentities(identity, found) === 'same';
  });
}

function openPidfdBelow(observer: Observer, identity: ProcessIdentity): Descriptor | null {
  if (!observer.ownProc || compareNamespace(identity, ownIdentity()) === 'same') return null;
  return openDescendantPidfd(observer, identity);
}

/**
 * Calls `wake` in this thread's event loop, which it keeps alive, when the process ends; and sometimes without a reason,
 * because the watch needs a directory too, and whatever changes there wakes as well. The pidfd may be closed afterwards.
 * @throws EMFILE and other system errors.
 */
export function onExitOf(
  { files }: Backend,
  watch: WatchOperations,
  pidfd: Descriptor,
  wake: () => void,
): number | Errno {
  const directory = files.openParent('/');
  try {
    return watch.onLockChange(directory, pidfd, wake);
  } finally {
    files.close(directory);
  }
}
