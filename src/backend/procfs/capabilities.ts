import type { Capabilities, Capability } from '../backend.js';
import { errnoName, notKnown } from '../system-error.js';
import { readLockTable } from './locks.js';

export function probeCapabilities(): Capabilities {
  return Object.freeze({
    pidfd: unavailable('call pidfd_open(2)'),
    pidfdInode: unavailable('call pidfd_open(2)'),
    namespaceId: unavailable('call ioctl(2) NS_GET_ID'),
    takeWitness: unavailable('call fcntl(2) F_OFD_SETLK'),
    testWitness: probeLockTable(),
    lifeline: unavailable(
      'call fcntl(2) F_OFD_SETLK; it sees the lifelines that fit one page of /proc/locks',
    ),
    lossEvents: unavailable('call inotify_init1(2); an owner looks once a second whether it has its lock'),
    renameNoReplace: unavailable('call renameat2(2)'),
  });
}

function unavailable(what: string): Capability {
  return Object.freeze({ available: false, reason: `plain Node cannot ${what}` });
}

function probeLockTable(): Capability {
  try {
    readLockTable();
    return Object.freeze({ available: true, reason: '/proc/locks lists the locks of this kernel' });
  } catch (error) {
    notKnown(error);
    return Object.freeze({ available: false, reason: `/proc/locks cannot be read: ${errnoName(error)}` });
  }
}
