import { KernelIdentityError } from '../errors.js';
import type { Verdict } from '../judge/verdict.js';
import { describeOwner } from '../record/describe-owner.js';
import type { OwnerRecord } from '../record/owner-record.js';
import { formatElapsed } from '../text/elapsed.js';
import type { WaitReport } from './events.js';
import { describeHolder } from './holder-text.js';
import { clearingCommand, showingCommand } from './protocol/commands.js';

/** Checks that show a person where the owner is. They are no missing evidence, because none decides alone. */
const SHOWN_ONLY = new Set(['boot-id', 'pid-namespace', 'hostname', 'boot-time']);

/** ERR_LOCK_TIMEOUT: the lock did not become free in time. The message names the owner and the next step. */
export class LockTimeoutError extends KernelIdentityError {
  static readonly code = 'ERR_LOCK_TIMEOUT';
  override readonly name = 'LockTimeoutError';
  readonly code = LockTimeoutError.code;
  readonly path: string;
  /** Milliseconds. */
  readonly waited: number;
  readonly owner: OwnerRecord | null;
  /** Milliseconds since the owner wrote its record, as in `WaitReport`; null when not known. */
  readonly ownerAge: number | null;
  readonly verdict: Verdict | null;
  /** The verdict's reason. When there is no verdict, why the lock was not free, in words. */
  readonly reason: string;
  /** Names of the verdict's checks that could decide nothing. */
  readonly evidenceMissing: readonly string[];
  /** A shell command that shows the lock, or that reclaims it if its owner is dead. */
  readonly command: string;

  /** @param timeout ms that the caller was ready to wait. */
  constructor(report: WaitReport, timeout: number) {
    const missing = (report.verdict?.evidence ?? [])
      .filter(({ check, finding }) => finding === 'none' && !SHOWN_ONLY.has(check))
      .map(({ check }) => check);
    const isHeld = report.verdict?.state === 'alive';
    const command = isHeld ? showingCommand(report.path) : clearingCommand(report.path, report.liftedBy);
    const lines = [
      `the lock '${report.path}' did not become free within ${formatElapsed(report.waited)}`,
      `owner: ${ownerText(report, timeout)}`,
      `why: ${report.description}`,
      ...(missing.length > 0 && !isHeld ? [`could not be decided by: ${missing.join(', ')}`] : []),
      `${isHeld ? 'to look at it' : 'to look at it, and clear it if its owner is dead'}: ${command}`,
    ];
    super(lines.join('; '));
    this.path = report.path;
    this.waited = report.waited;
    this.owner = report.owner;
    this.ownerAge = report.ownerAge;
    this.verdict = report.verdict;
    this.reason = report.verdict?.reason ?? report.description;
    this.evidenceMissing = missing;
    this.command = command;
  }
}

/** A single try must not take longer than its look, so only a waiter finds out what its owner runs. */
function ownerText(report: WaitReport, timeout: number): string {
  try {
    if (timeout > 0) return describeHolder(report);
  } catch {
    // A want of descriptors, or of a file of this package, must not take the place of what the caller reports.
  }
  return describeOwner(report.owner, report.ownerAge);
}
