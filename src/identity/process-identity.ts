import { invalidArgument, kindOf } from '../errors.js';
import { Checked } from './checked.js';

/**
 * Version of the identities that this package writes. A reader takes a higher one as not fully understood.
 */
export const IDENTITY_VERSION = 1;

/**
 * Who a process is, for as long as this kernel runs and beyond. Frozen and safe to put into JSON: 64-bit
 * numbers are decimal strings. `null` means "not known" and is never evidence of a difference.
 */
export interface ProcessIdentity {
  readonly version: number;
  /** `process.platform` of the process: the numbers below mean nothing on another platform. */
  readonly platform: string;
  /** The process's number in {@link pidNamespace}. */
  readonly pid: number;
  /**
   * Start of the process in USER_HZ ticks since boot (field 22 of proc_pid_stat(5)), with the reader's
   * time-namespace shift taken out. It survives exec, and does not move when the wall clock is set. On Windows and macOS
   * it is in microseconds since 1970, as the wall clock was when the process started.
   */
  readonly startTicks: string | null;
  /**
   * Ticks by which {@link startTicks} may be off: 1 where the time-namespace shift is no whole tick,
   * otherwise 0.
   */
  readonly startTolerance: number;
  /**
   * /proc/sys/kernel/random/boot_id: one per kernel boot, equal in all containers of a host. On macOS it is
   * kern.bootsessionuuid, on Windows a hash of the machine's id and the time of its boot.
   */
  readonly bootId: string | null;
  /**
   * False when something (LXC, systemd-nspawn) is mounted over boot_id, and on Windows, which has none of its own. null
   * when that is not known.
   */
  readonly bootIdNative: boolean | null;
  /** The PID namespace in which {@link pid} is a number. */
  readonly pidNamespace: {
    /** Inode of the namespace, decimal. The kernel recycles it once the namespace is gone. */
    readonly inode: string | null;
    /** NS_GET_ID, decimal. Never reused within a boot (kernel 6.18). */
    readonly id: string | null;
  };
  /**
   * Inode of the process's pidfd on pidfs, decimal: unique within a boot (kernel 6.9). On macOS the unique id of the
   * process, on Windows its ProcessStartKey.
   */
  readonly pidfdInode: string | null;
  /**
   * The lifeline: `<space>:<offset>` of a byte that the process keeps locked in the file of a namespace, and that every
   * process of the same kernel can test, whatever container it lives in. It ends with the process, and with exec.
   * null where it cannot be taken, and for a process that was probed by another one. Two different ones are no proof
   * of two processes, because each loaded copy of this package has its own.
   */
  readonly lifeline: string | null;
  /** Shown to people; never evidence. */
  readonly hostname: string | null;
  /** Shown to people; never evidence. */
  readonly containerId: string | null;
}

/** Identities that were made and frozen here. */
export const checkedIdentities = new Checked<ProcessIdentity>();

/**
 * Keeps a value apart that is no identity, because a record of another shape has fields that are undefined, and two of
 * these would compare equal.
 * @throws TypeError (ERR_INVALID_ARG_TYPE)
 */
export function requireIdentity(value: unknown): asserts value is ProcessIdentity {
  if (typeof value !== 'object' || value === null) {
    throw invalidArgument(`a process identity must be an object, not ${kindOf(value)}`);
  }
  const { pidNamespace } = value as { pidNamespace?: unknown };
  if (typeof pidNamespace !== 'object' || pidNamespace === null) {
    throw invalidArgument('not a process identity: it has no pidNamespace');
  }
}

/** A deeply frozen copy with its keys in a fixed order, so that equal identities have equal JSON. */
export function freezeIdentity(fields: ProcessIdentity): ProcessIdentity {
  return Object.freeze({
    version: fields.version,
    platform: fields.platform,
    pid: fields.pid,
    startTicks: fields.startTicks,
    startTolerance: fields.startTolerance,
    bootId: fields.bootId,
    bootIdNative: fields.bootIdNative,
    pidNamespace: Object.freeze({ inode: fields.pidNamespace.inode, id: fields.pidNamespace.id }),
    pidfdInode: fields.pidfdInode,
    lifeline: fields.lifeline,
    hostname: fields.hostname,
    containerId: fields.containerId,
  });
}
