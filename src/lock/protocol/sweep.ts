// Sweeping means to clear the private directories, and on Windows the witnesses, that killed processes left beside a
// lock.
import type { BesideName } from '../../backend/backend.js';
import { putBack } from '../../formats/directory-entry.js';
import { assess, type InspectOptions } from './assess.js';
import { clearStale } from './clear.js';
import { LastLook } from './last-look.js';
import type { LockPath } from './lock-path.js';
import { guardName, lockNameOfPrivate } from './names.js';
import { openLockOrFile } from './open-lock.js';
import { sweepBeside } from './sweep-beside.js';
import { SweepParts } from './sweep-parts.js';
import { duringTakeover } from './takeover.js';
import { LockView } from './view.js';

const parts = new SweepParts();

/**
 * Sweeps the parent directory of a lock, if that is due. Each private directory is judged like a lock.
 */
export function sweepIfDue(lockPath: LockPath, options: InspectOptions): void {
  parts.sweepIfDue(lockPath, (lockNames) => {
    // The process that was killed may have been one that took over a file.
    const guards = new Set([...lockNames].map(guardName));
    const isSwept = (lockName: string) => lockNames.has(lockName) || guards.has(lockName);
    const witnesses: [name: string, beside: BesideName][] = [];
    return {
      visit(name) {
        const lockName = guards.has(name) ? name : lockNameOfPrivate(name);
        const beside = lockPath.backend.openWitness?.parseBeside(name) ?? null;
        if (lockName !== null && isSwept(lockName)) sweepOne(lockPath, name, lockName, options);
        else if (beside !== null && isSwept(beside.lockName)) witnesses.push([name, beside]);
        else return false;
        return true;
      },
      endPart() {
        // A witness is needed until what it belongs to is swept.
        for (const [name, beside] of witnesses) sweepWitness(lockPath, name, beside);
      },
    };
  });
}

function sweepOne(lockPath: LockPath, name: string, lockName: string, options: InspectOptions): void {
  try {
    const orphan = lockPath.sibling(name);
    const view = openLockOrFile(orphan);
    if (view === null) return;
    try {
      if (!(view instanceof LockView)) giveBack(orphan, lockPath.sibling(lockName), options);
      else if (assess(view, options, new LastLook()).state === 'stale') clearStale(view);
    } finally {
      view.close();
    }
  } catch {
    // It belongs to another user, or is not a lock's directory at all.
  }
}

function sweepWitness(lockPath: LockPath, name: string, beside: BesideName): void {
  try {
    sweepBeside(lockPath, name, beside);
  } catch {
    // It belongs to another user, or another process has swept it.
  }
}

/**
 * A process that takes a dead owner's file away gives it a private name before it deletes it. If it was killed in
 * between, the file gets its name back, and the next contender judges it anew.
 */
function giveBack(aside: LockPath, lockPath: LockPath, options: InspectOptions): void {
  // No other process is at a takeover then, so the file is one that was left.
  duringTakeover(lockPath, options, () => {
    const file = openLockOrFile(aside);
    if (file === null || file instanceof LockView) return;
    try {
      if (file.owner !== null) putBack(lockPath, aside.name);
      // A file that is empty only kept the name for the one that was to be deleted.
      else if (file.namesNobody) aside.backend.files.unlinkAt(aside.parent, aside.name);
    } finally {
      file.close();
    }
  });
}
