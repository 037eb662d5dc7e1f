import type { Capabilities, Capability } from '../backend.js';
import { hasWitness } from './witness.js';

/** @param platform a value of `process.platform`. */
export function listCapabilities(platform: string): Capabilities {
  return Object.freeze({
    pidfd: lacking('no pidfds'),
    pidfdInode: lacking('no pidfds'),
    namespaceId: lacking('no PID namespaces'),
    takeWitness: witness(platform),
    testWitness: witness(platform),
    lifeline: lacking('no lock on a file'),
    lossEvents: lacking('no events; an owner looks once a second whether it has its lock'),
    renameNoReplace:
      platform === 'win32'
        ? Object.freeze({ available: true, reason: 'Windows never renames a directory over another' })
        : lacking('no renameat2(2)'),
  });
}

function witness(platform: string): Capability {
  if (!hasWitness(platform)) return lacking('no lock on a file');
  const reason =
    platform === 'win32'
      ? 'a file beside the lock is open with a share mode of 0, on drive letters that are no network share'
      : 'open(2) takes flock(2) on owner.json, on disks that mount(8) calls local';
  return Object.freeze({ available: true, reason });
}

function lacking(what: string): Capability {
  return Object.freeze({ available: false, reason: `the portable backend knows ${what}` });
}
