// What is written into the owner.json of a new lock.
import { traitsOf } from '../../backend/filesystem-traits.js';
import { isErrno, refuseShortage } from '../../backend/system-error.js';
import { currentObserver } from '../../identity/observer.js';
import { selfIdentity } from '../../identity/read.js';
import type { NewOwnerRecord } from '../../record/format.js';
import type { WitnessRecord } from '../../record/owner-record.js';

export interface RecordOptions {
  readonly label?: string | undefined;
  /** Milliseconds. */
  readonly lease?: number | undefined;
  /** Another process may inherit the lock: see {@link OwnerRecord.handedOver}. */
  readonly handOver?: boolean | undefined;
}

/** Milliseconds. */
const DEFAULT_LEASE = 30_000;

export function newRecord(
  nonce: string,
  options: RecordOptions,
  type: string,
  witness: WitnessRecord | null,
  lifeline: string | null,
): NewOwnerRecord {
  const isHeldByHeirs = options.handOver === true && (witness !== null || lifeline !== null);
  return {
    starttime: ownTicksAsRead(),
    createdAtMs: Date.now(),
    nonce,
    identity: selfIdentity(),
    filesystem: type,
    witness,
    lifeline,
    lease: needsLease(type, witness, isHeldByHeirs) ? { durationMs: options.lease ?? DEFAULT_LEASE } : null,
    handedOver: options.handOver === true,
    label: options.label,
  };
}

/** Without a witness an owner needs a lease, and also with one that some observers cannot test. */
function needsLease(type: string, witness: WitnessRecord | null, isHeldByHeirs: boolean): boolean {
  const { oneKernel, passesThrough, showsChanges, locksByStDev, keepsLease } = traitsOf(type);
  // Nobody need touch owner.json when the recorded process is dead, so a lease would run out while an heir lives. Where
  // other kernels may see the lock it is recorded all the same, because nothing else shows them that it was abandoned.
  if (isHeldByHeirs && oneKernel && !passesThrough && !keepsLease) return false;
  // A lease whose renewal other kernels never see would look expired to them.
  return showsChanges && (witness === null || !locksByStDev);
}

let ticksAsRead: number | null | undefined;

/**
 * The start ticks as older programs read them in /proc, with the shift of the time namespace in them.
 * @throws EMFILE, ENFILE or ENOMEM where descriptors or memory have run out.
 */
function ownTicksAsRead(): number | null {
  if (ticksAsRead === undefined) {
    const { backend, pidInProc } = currentObserver();
    const stat = pidInProc === null ? 'ENOENT' : backend.processes.stat(pidInProc);
    refuseShortage(stat, 'open');
    ticksAsRead = isErrno(stat) ? null : stat.startTicks;
  }
  return ticksAsRead;
}
