import { requirePid } from '../arguments.js';
import type { ProcessOperations } from '../backend.js';

/**
 * This backend reads nothing about a process. The layers above see by themselves whether a PID is taken (kill(2) with
 * signal 0). Without a boot id, a namespace and a start time, no identity from here ever proves that an owner is dead.
 */
export const portableProcesses: ProcessOperations = {
  bootId: () => null,

  pidNamespace(pid) {
    if (pid !== undefined) requirePid(pid);
    return null;
  },

  isInPidNamespace(pid) {
    requirePid(pid);
    return false;
  },

  timeOffset(pid) {
    if (pid !== undefined) requirePid(pid);
    return null;
  },

  stat(pid) {
    requirePid(pid);
    return 'ENOSYS';
  },

  status(pid) {
    if (pid !== 'self') requirePid(pid);
    return 'ENOSYS';
  },

  openPidfd: () => 'ENOSYS',
  pidfdInode: () => null,
  pidfdExited: () => false,
  probePidfd: () => 'ENOSYS',
  reapOrphans: () => 'ENOSYS',
  setDeathSignal: () => 'ENOSYS',
};
