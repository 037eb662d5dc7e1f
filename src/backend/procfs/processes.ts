import { statSync } from 'node:fs';
import { requirePid } from '../arguments.js';
import type {
  BootId,
  Errno,
  PidNamespace,
  ProcessOperations,
  ProcessStat,
  ProcessStatus,
  TimeOffset,
} from '../backend.js';
import type { Descriptor } from '../descriptor.js';
import { errnoName } from '../system-error.js';
import { readBootId } from './boot-id.js';
import { readProcFile } from './proc-file.js';
import { parseStat } from './stat.js';
import { parseStatus } from './status.js';
import { readTimeOffset } from './time-offset.js';

/** What /proc tells about processes. */
export class ProcfsProcesses implements ProcessOperations {
  bootId(): BootId | null {
    return readBootId();
  }

  pidNamespace(pid?: number): PidNamespace | null {
    const process = pid === undefined ? 'self' : requirePid(pid);
    try {
      // Following the link needs PTRACE_MODE_READ on the process (namespaces(7)): EACCES for another user's.
      const { ino } = statSync(`/proc/${process}/ns/pid`, { bigint: true });
      return { inode: ino.toString(), id: null };
    } catch (error) {
      errnoName(error);
      return null;
    }
  }

  isInPidNamespace(pid: number, inode: string): boolean {
    return this.pidNamespace(pid)?.inode === inode;
  }

  timeOffset(): TimeOffset | null {
    return readTimeOffset();
  }

  stat(pid: number): ProcessStat | Errno {
    // The file of the main thread says the same, and what others read of us. qemu's user emulation makes up the file
    // of its own process, with the time at which it was ready itself: on a busy machine ticks after the true start.
    const file = requirePid(pid) === process.pid ? `task/${pid}/stat` : 'stat';
    return readParsed(`/proc/${pid}/${file}`, parseStat);
  }

  status(pid: number | 'self'): ProcessStatus | Errno {
    return readParsed(`/proc/${pid === 'self' ? pid : requirePid(pid)}/status`, parseStatus);
  }

  openPidfd(_pid: number): Errno {
    return 'ENOSYS';
  }

  pidfdInode(_fd: Descriptor): null {
    return null;
  }

  pidfdExited(_fd: Descriptor): boolean {
    return false;
  }

  probePidfd(_pid: number): Errno {
    return 'ENOSYS';
  }
}

function readParsed<T>(path: string, parse: (content: Buffer) => T | null): T | Errno {
  try {
    // EBADMSG: there is a file, but not one a Linux kernel wrote. It must not pass for a missing process.
    return parse(readProcFile(path).content) ?? 'EBADMSG';
  } catch (error) {
    return errnoName(error);
  }
}
