import { hostname } from 'node:os';
import { requirePid } from '../backend/arguments.js';
import type { Backend } from '../backend/backend.js';
import { isErrno, refuseShortage } from '../backend/system-error.js';
import { rememberLast } from '../remember-last.js';
import { compareIdentities } from './compare.js';
import { readContainerId } from './container-id.js';
import { observedIdentity, observeProcess, withStart } from './observe-process.js';
import { currentObserver, type Observer } from './observer.js';
import { checkedIdentities, freezeIdentity, type ProcessIdentity } from './process-identity.js';

/**
 * The identity of this process. It is read from the kernel once and then remembered; the lifeline is taken at the first
 * call, and made sure of at each further one.
 * @example
 * const { pid, bootId } = selfIdentity();
 * console.log(pid === process.pid); // true
 * @throws BackendUnavailableError (ERR_BACKEND_UNAVAILABLE) where no backend works; EMFILE, ENFILE or ENOMEM where
 * descriptors or memory have run out, since a field that could not be read must not get into a record as null.
 */
export function selfIdentity(): ProcessIdentity {
  return withLifeline(ownIdentity(), takeLifeline(currentObserver().backend));
}

/**
 * The identity of this process as an observer needs it: {@link selfIdentity} without a lifeline. A program that only
 * observes takes none, because each makes the kernel's list of them longer for all.
 */
export function ownIdentity(): ProcessIdentity {
  own ??= checkedIdentities.markChecked(
    freezeIdentity({
      ...readSelf(currentObserver()),
      hostname: hostname(),
      containerId: readContainerId('self'),
    }),
  );
  return own;
}

let own: ProcessIdentity | undefined;

const withLifeline = rememberLast((identity: ProcessIdentity, lifeline: string | null) =>
  lifeline === null ? identity : checkedIdentities.markChecked(freezeIdentity({ ...identity, lifeline })),
);

let knownLosses = 0;

/** null where there can be none. */
function takeLifeline({ lifeline }: Backend): string | null {
  const taken = lifeline.takeOfProcess();
  const losses = lifeline.losses();
  if (losses > knownLosses) {
    knownLosses = losses;
    process.emitWarning(
      'Other code of this process closed the file descriptor that holds its lifeline. It was taken again; in the ' +
        'meantime other processes may have found this one dead.',
      { code: 'KERNEL_IDENTITY_LIFELINE_LOST' },
    );
  }
  return taken;
}

/**
 * The identity of this process as the kernel reports it now, without host name and container id.
 * @throws EMFILE, ENFILE or ENOMEM where descriptors or memory have run out.
 */
export function readSelf(observer: Observer): ProcessIdentity {
  const { processes } = observer.backend;
  const stat = observer.pidInProc === null ? 'ENOENT' : processes.stat(observer.pidInProc);
  refuseShortage(stat, 'open');
  const probe = processes.probePidfd(observer.pid);
  refuseShortage(probe, 'pidfd_open');
  const inode = isErrno(probe) ? null : probe.inode;
  const ticksAsRead = isErrno(stat) ? null : stat.startTicks;
  const identity = observedIdentity(observer, observer.pid, observer.pidNamespace, inode, ticksAsRead);
  return isErrno(probe) ? identity : withStart(identity, probe);
}

/**
 * Whether this process is the recorded one, by the boot id and the pidfd inode that the kernel reports now. They decide
 * alone where both are known, and take a quarter of the time of {@link readSelf} and its observer.
 * @returns false also where they are not known.
 * @throws EMFILE, ENFILE or ENOMEM where descriptors or memory have run out.
 */
export function isSurelySelf(recorded: ProcessIdentity): boolean {
  const { processes } = currentObserver().backend;
  const probe = processes.probePidfd(process.pid);
  if (isErrno(probe) || probe.inode === null || probe.inode !== recorded.pidfdInode) return false;
  const bootId = processes.bootId();
  if (bootId === null) return false;
  const now = { ...ownIdentity(), bootId: bootId.id, bootIdNative: bootId.native, pidfdInode: probe.inode };
  return compareIdentities(recorded, now) === 'same';
}

/**
 * The identity of the process that has the number `pid` in the caller's PID namespace. null when no process
 * has it; a thread of another process is no process. A field that the caller may not see (hidepid, no /proc)
 * is null.
 * @example
 * const parent = probeIdentity(process.ppid);
 * console.log(parent?.startTicks ?? 'there is no such process');
 * @throws TypeError (ERR_INVALID_ARG_TYPE) for what is no number, and RangeError (ERR_OUT_OF_RANGE) unless it is an
 * integer from 1 to 2^31 - 1; the errors of {@link selfIdentity}.
 */
export function probeIdentity(pid: number): ProcessIdentity | null {
  requirePid(pid);
  if (pid === process.pid) return ownIdentity();
  const observer = currentObserver();
  const { existence, identity: seen } = observeProcess(observer, pid, true);
  if (existence === 'absent' || existence === 'thread') return null;
  const identity = seen ?? observedIdentity(observer, pid, observer.pidNamespace, null, null);
  const containerId = observer.ownProc ? readContainerId(pid) : null;
  return checkedIdentities.markChecked(freezeIdentity({ ...identity, containerId }));
}
