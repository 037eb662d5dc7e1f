import { KernelIdentityError } from '../errors.js';
import type { Verdict } from '../judge/verdict.js';
import { describeOwner } from '../record/describe-owner.js';
import type { OwnerRecord } from '../record/owner-record.js';
import type { WaitReport } from './options.js';

/** Checks that tell a person where the owner is, and decide nothing by themselves. */
const SHOWN_ONLY = new Set(['boot-id', 'pid-namespace', 'hostname', 'boot-time']);

/** ERR_LOCK_TIMEOUT: the lock did not become free in time. Everything a person needs to go on is in it. */
export class LockTimeoutError extends KernelIdentityError {
  override readonly name = 'LockTimeoutError';
  readonly code = 'ERR_LOCK_TIMEOUT';
  readonly path: string;
  /** ms */
  readonly waited: number;
  readonly owner: OwnerRecord | null;
  /** ms; null: not known. */
  readonly ownerAge: number | null;
  readonly verdict: Verdict | null;
  /** The verdict's reason, or what else stood in the way. */
  readonly reason: string;
  /** Checks of the verdict that could decide nothing. */
  readonly evidenceMissing: readonly string[];
  /** Shell command that shows the lock, or clears it when its owner is dead. */
  readonly command: string;

  constructor(report: WaitReport) {
    const missing = (report.verdict?.evidence ?? [])
      .filter(({ check, finding }) => finding === 'none' && !SHOWN_ONLY.has(check))
      .map(({ check }) => check);
    const quoted = `'${report.path.replaceAll("'", `'\\''`)}'`;
    const isHeld = report.verdict?.state === 'alive';
    const command = `npx kernel-identity ${isHeld ? 'inspect' : 'reclaim'} ${quoted}`;
    const lines = [
      `the lock '${report.path}' did not become free within ${Math.round(report.waited)} ms`,
      `owner: ${describeOwner(report.owner, report.ownerAge)}`,
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
