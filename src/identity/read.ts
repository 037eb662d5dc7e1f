import { hostname } from 'node:os';
import { requirePid } from '../backend/arguments.js';
import { isErrno } from '../backend/system-error.js';
import { readContainerId } from './container-id.js';
import { observedIdentity, observeProcess } from './observe-process.js';
import { currentObserver, type Observer } from './observer.js';
import { checkedIdentities, freezeIdentity, type ProcessIdentity } from './process-identity.js';

let self: ProcessIdentity | undefined;

/**
 * The identity of this process, read from the kernel once and then remembered.
 * @throws BackendUnavailableError (ERR_BACKEND_UNAVAILABLE) where no backend works.
 */
export function selfIdentity(): ProcessIdentity {
  self ??= checkedIdentities.markChecked(
    freezeIdentity({
      ...readSelf(currentObserver()),
      hostname: hostname(),
      containerId: readContainerId('self'),
    }),
  );
  return self;
}

/** The identity of this process as the kernel reports it now, without host name and container id. */
export function readSelf(observer: Observer): ProcessIdentity {
  const { processes, files } = observer.backend;
  const stat = observer.pidInProc === null ? 'ENOENT' : processes.stat(observer.pidInProc);
  const pidfd = processes.openPidfd(observer.pid);
  let inode: string | null = null;
  if (!isErrno(pidfd)) {
    inode = processes.pidfdInode(pidfd);
    files.close(pidfd);
  }
  const ticksAsRead = isErrno(stat) ? null : stat.startTicks;
  return observedIdentity(observer, observer.pid, observer.pidNamespace, inode, ticksAsRead);
}

/**
 * The identity of the process that has the number `pid` in the caller's PID namespace. null when no process
 * has it; a thread of another process is no process. A field that the caller may not see (hidepid, no /proc)
 * is null.
 * @throws RangeError (ERR_OUT_OF_RANGE) unless pid is an integer from 1 to 2^31 - 1.
 */
export function probeIdentity(pid: number): ProcessIdentity | null {
  requirePid(pid);
  if (pid === process.pid) return selfIdentity();
  const observer = currentObserver();
  const { existence, identity: seen } = observeProcess(observer, pid, true);
  if (existence === 'absent' || existence === 'thread') return null;
  const identity = seen ?? observedIdentity(observer, pid, observer.pidNamespace, null, null);
  const containerId = observer.ownProc ? readContainerId(pid) : null;
  return checkedIdentities.markChecked(freezeIdentity({ ...identity, containerId }));
}
