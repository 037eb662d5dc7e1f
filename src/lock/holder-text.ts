import { lstatSync } from 'node:fs';
import { unlessShort } from '../backend/system-error.js';
import { directoryFormat } from '../formats/format.js';
import { type ProcessDescription, readCommand, shortCommand } from '../identity/describe-process.js';
import { currentObserver } from '../identity/observer.js';
import { describeOwner } from '../record/describe-owner.js';
import { printable } from '../text/printable.js';
import type { WaitReport } from './events.js';
import { findUsers, type LockHolder } from './holders.js';
import { isHeldByRecorded } from './recorded-holder.js';

/** Characters of a command line in a message, which may go into a log that others read. */
const MAX_COMMAND = 40;

/** `pid 21633 (sleep 30)` */
export function processText(
  { pid, command }: Pick<ProcessDescription, 'pid' | 'command'>,
  max = MAX_COMMAND,
): string {
  return command === null ? `pid ${pid}` : `pid ${pid} (${printable(shortCommand(command, max))})`;
}

/** `pid 21633 (sleep 30), which inherited it from pid 1542` */
export function holderText(holder: LockHolder, max = MAX_COMMAND): string {
  const { inheritedFrom } = holder;
  return `${processText(holder, max)}${inheritedFrom === null ? '' : `, which inherited it from pid ${inheritedFrom}`}`;
}

/**
 * Names the owner of a lock that is waited for, with its command, and the process that holds the lock in its place. The
 * whole search for that process is made only where the owner itself is gone.
 */
export function describeHolder(report: WaitReport): string {
  const { owner, ownerAge, verdict, path } = report;
  if (owner === null || verdict?.state !== 'alive') return describeOwner(owner, ownerAge);
  // A want of descriptors must not take the place of what the caller reports.
  if (
    unlessShort(
      () => isHeldByRecorded(report),
      () => true,
    )
  ) {
    const command = readCommand(currentObserver(), owner.pid as number);
    return describeOwner(owner, ownerAge, command === null ? null : shortCommand(command, MAX_COMMAND));
  }
  // A file of whatever format is searched in the same way.
  const format = isDirectory(path) ? directoryFormat(owner) : 'bare-pid';
  const [holder] = findUsers([{ path, format, state: 'held', owner, verdict }])[0]?.holders ?? [];
  return `${describeOwner(owner, ownerAge)}${holder === undefined ? '' : `; held by ${holderText(holder)}`}`;
}

/** False also where that cannot be seen. Never throws. */
function isDirectory(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch {
    return false;
  }
}
