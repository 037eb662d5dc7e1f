import { IDENTITY_VERSION, type ProcessIdentity, requireIdentity } from './process-identity.js';

export type Comparison = 'same' | 'different' | 'unknown';

/**
 * Answers whether two identities name one process. Pure, allocation-free and symmetric; a missing field never
 * gives "different".
 *
 * Two native boot ids that differ are two kernels. Within one boot the pidfs inode decides alone, because the
 * kernel never reuses it. Without it, the pair (pid, start ticks) decides inside one PID namespace.
 * Everything else is unknown. That includes two namespaces, because a pid of one is only a number in the
 * other.
 * @example
 * const parent = probeIdentity(process.ppid);
 * if (parent !== null) console.log(compareIdentities(selfIdentity(), parent)); // different
 * @throws TypeError (ERR_INVALID_ARG_TYPE) for what is no identity, such as the null of probeIdentity().
 */
export function compareIdentities(a: ProcessIdentity, b: ProcessIdentity): Comparison {
  requireIdentity(a);
  requireIdentity(b);
  if (a.platform !== b.platform || a.version > IDENTITY_VERSION || b.version > IDENTITY_VERSION) {
    return 'unknown';
  }
  const boot = compareBoot(a, b);
  if (boot !== 'same') return boot;
  if (a.pidfdInode !== null && b.pidfdInode !== null) {
    return a.pidfdInode === b.pidfdInode ? 'same' : 'different';
  }
  if (compareNamespace(a, b) !== 'same') return 'unknown';
  if (a.pid !== b.pid) return 'different';
  return compareTicks(a, b);
}

/**
 * Compares the boots. They are "different" only when both boot ids are native: a file that is mounted over the
 * kernel's own can hold another id within one boot.
 */
export function compareBoot(
  a: Pick<ProcessIdentity, 'bootId' | 'bootIdNative'>,
  b: Pick<ProcessIdentity, 'bootId' | 'bootIdNative'>,
): Comparison {
  if (a.bootId === null || b.bootId === null) return 'unknown';
  if (a.bootId === b.bootId) return 'same';
  return a.bootIdNative === true && b.bootIdNative === true ? 'different' : 'unknown';
}

/**
 * Compares the PID namespaces of two identities of one boot. Two live namespaces never share an inode number,
 * but the kernel recycles it: equal numbers with different unique ids are two namespaces, and the earlier one
 * is gone.
 */
export function compareNamespace(
  a: Pick<ProcessIdentity, 'pidNamespace'>,
  b: Pick<ProcessIdentity, 'pidNamespace'>,
): Comparison {
  const left = a.pidNamespace;
  const right = b.pidNamespace;
  if (left.inode === null || right.inode === null) return 'unknown';
  if (left.inode !== right.inode) return 'different';
  return left.id !== null && right.id !== null && left.id !== right.id ? 'different' : 'same';
}

function compareTicks(a: ProcessIdentity, b: ProcessIdentity): Comparison {
  if (a.startTicks === null || b.startTicks === null) return 'unknown';
  if (a.startTicks === b.startTicks) return 'same';
  const tolerance = a.startTolerance + b.startTolerance;
  if (tolerance === 0) return 'different';
  return Math.abs(Number(a.startTicks) - Number(b.startTicks)) <= tolerance ? 'same' : 'different';
}
