import { hostname } from 'node:os';
import { requirePid } from '../backend/arguments.js';
import { readContainerId } from './container-id.js';
import { observedIdentity, observeProcess } from './observe-process.js';
import { currentObserver, type Observer } from './observer.js';
import { freezeIdentity, type ProcessIdentity, vouchFor } from './process-identity.js';

let self: ProcessIdentity | undefined;

/**
 * The identity of this process, read from the kernel once and then remembered.
 * @throws BackendUnavailableError (ERR_BACKEND_UNAVAILABLE) where no backend works.
 */
export function selfIdentity(): ProcessIdentity {
  self ??= vouchFor(
    freezeIdentity({
      ...readSelf(currentObserver()),
      hostname: hostname(),
      containerId: readContainerId('self'),
    }),
  );
  return self;
}

/** {@link selfIdentity} as the kernel tells it now, without what is for people. */
export function readSelf(observer: Observer): ProcessIdentity {
  const { processes, files } = observer.backend;
  const stat = observer.pidInProc === null ? 'ENOENT' : processes.stat(observer.pidInProc);
  const pidfd = processes.openPidfd(observer.pid);
  let inode: string | null = null;
  if (typeof pidfd === 'number') {
    inode = processes.pidfdInode(pidfd);
    files.close(pidfd);
  }
  const ticksAsRead = typeof stat === 'string' ? null : stat.startTicks;
  return observedIdentity(observer, observer.pid, observer.pidNamespace, inode, ticksAsRead);
}

/**
 * The identity of the process that has the number `pid` in the caller's PID namespace; null: no process has it
 * (a thread of another process is none). What may not be seen (hidepid, no /proc) is null inside.
 * @throws RangeError (ERR_OUT_OF_RANGE) unless pid is an integer from 1 to 2^31 - 1.
 */
export function probeIdentity(pid: number): ProcessIdentity | null {
  requirePid(pid);
  if (pid === process.pid) return selfIdentity();
  const observer = currentObserver();
  const observedProcess = observeProcess(observer, pid, true);
  if (observedProcess.existence === 'absent' || observedProcess.existence === 'thread') return null;
  const identity =
    observedProcess.identity ?? observedIdentity(observer, pid, observer.pidNamespace, null, null);
  return vouchFor(
    freezeIdentity({ ...identity, containerId: observer.ownProc ? readContainerId(pid) : null }),
  );
}
