import { requirePid } from '../arguments.js';
import type { ProcessOperations } from '../backend.js';
import type { Descriptor } from '../descriptor.js';

/**
 * Nothing is known of a process but whether its number is taken, and for that the layers above need no backend
 * (kill(2) with signal 0). No boot, no namespace, no start: so no identity from here ever proves that anybody is dead.
 */
export class PortableProcesses implements ProcessOperations {
  bootId(): null {
    return null;
  }

  pidNamespace(pid?: number): null {
    if (pid !== undefined) requirePid(pid);
    return null;
  }

  isInPidNamespace(pid: number, _inode: string): boolean {
    requirePid(pid);
    return false;
  }

  timeOffset(): null {
    return null;
  }

  stat(pid: number): 'ENOSYS' {
    requirePid(pid);
    return 'ENOSYS';
  }

  status(pid: number | 'self'): 'ENOSYS' {
    if (pid !== 'self') requirePid(pid);
    return 'ENOSYS';
  }

  openPidfd(_pid: number): 'ENOSYS' {
    return 'ENOSYS';
  }

  pidfdInode(_fd: Descriptor): null {
    return null;
  }

  pidfdExited(_fd: Descriptor): boolean {
    return false;
  }

  probePidfd(_pid: number): 'ENOSYS' {
    return 'ENOSYS';
  }
}
