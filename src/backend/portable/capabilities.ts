import type { Capabilities, Capability } from '../backend.js';

/** @param platform a value of `process.platform`. */
export function listCapabilities(platform: string): Capabilities {
  return Object.freeze({
    pidfd: lacking('no pidfds'),
    pidfdInode: lacking('no pidfds'),
    namespaceId: lacking('no PID namespaces'),
    takeWitness: lacking('no lock on a file'),
    testWitness: lacking('no lock on a file'),
    lifeline: lacking('no lock on a file'),
    lossEvents: lacking('no events; an owner looks once a second whether it has its lock'),
    renameNoReplace:
      platform === 'win32'
        ? Object.freeze({ available: true, reason: 'Windows never renames a directory over another' })
        : lacking('no renameat2(2)'),
  });
}

function lacking(what: string): Capability {
  return Object.freeze({ available: false, reason: `the portable backend knows ${what}` });
}
