import { statSync } from 'node:fs';
import { requirePid } from '../arguments.js';
import type { Errno, PidNamespace, ProcessOperations } from '../backend.js';
import { errnoName, notKnown } from '../system-error.js';
import { readBootId } from './boot-id.js';
import { readProcFile } from './proc-file.js';
import { parseStat } from './stat.js';
import { parseStatus } from './status.js';
import { readTimeOffset } from './time-offset.js';

/** Reads processes from /proc. Plain Node has no call for a pidfd. */
export const procfsProcesses: ProcessOperations = {
  bootId: readBootId,
  pidNamespace: readPidNamespace,
  isInPidNamespace: (pid, inode) => readPidNamespace(pid)?.inode === inode,
  timeOffset: readTimeOffset,

  stat(pid) {
    // The file of the main thread has the same start time, and for other processes we read the one of the
    // process. qemu's user emulation makes up the latter for its own process, with the time at which qemu
    // itself was ready: on a busy machine that is some ticks after the true start.
    const file = requirePid(pid) === process.pid ? `task/${pid}/stat` : 'stat';
    return readParsed(`/proc/${pid}/${file}`, parseStat);
  },

  status: (pid) => readParsed(`/proc/${pid === 'self' ? pid : requirePid(pid)}/status`, parseStatus),
  openPidfd: () => 'ENOSYS',
  pidfdInode: () => null,
  pidfdExited: () => false,
  probePidfd: () => 'ENOSYS',
  reapOrphans: () => 'ENOSYS',
  setDeathSignal: () => 'ENOSYS',
};

function readPidNamespace(pid?: number): PidNamespace | null {
  const process = pid === undefined ? 'self' : requirePid(pid);
  try {
    // Following the link needs PTRACE_MODE_READ on the process (namespaces(7)); another user's gives EACCES.
    const { ino } = statSync(`/proc/${process}/ns/pid`, { bigint: true });
    return { inode: ino.toString(), id: null };
  } catch (error) {
    return notKnown(error);
  }
}

function readParsed<T>(path: string, parse: (content: Buffer) => T | null): T | Errno {
  try {
    // EBADMSG: there is a file, but not one that a Linux kernel wrote. That must not pass for a missing process.
    return parse(readProcFile(path).content) ?? 'EBADMSG';
  } catch (error) {
    return errnoName(error);
  }
}
