import { compareNamespace } from '../../identity/compare.js';
import { ownIdentity } from '../../identity/read.js';
import { lockFileOf, NO_SURROUNDINGS } from '../../judge/lock-file.js';
import type { LockView } from '../protocol/view.js';

/** A lifeline that ends when the lock of a view becomes free, or at least when its owner dies. */
export interface LifelineToWatch {
  /** `<space>:<offset>`. */
  readonly text: string;
  /** True for the lock's own lifeline: it ends at the release too, by a process that lives on. */
  readonly isOfLock: boolean;
}

/**
 * Finds the lifeline that a waiter watches. null where the close of owner.json or a pidfd shows the owner's end sooner
 * and at less cost, and where no lifeline is held on this kernel.
 */
export function lifelineToWatch({ lockPath, owner, record }: LockView): LifelineToWatch | null {
  if (owner === null || record === null || record.identity === null) return null;
  const { witness, identity, lifeline, handedOver } = record;
  // One that inherited the lock may have closed owner.json and still hold the lifeline.
  if (witness !== null && !handedOver && lockFileOf(record, owner, NO_SURROUNDINGS) === 'recorded')
    return null;
  const { test } = lockPath.backend.lifeline;
  if (lifeline !== null && test(lifeline) === 'held') return { text: lifeline, isOfLock: true };
  if (handedOver || identity.lifeline === null || compareNamespace(identity, ownIdentity()) === 'same')
    return null;
  return test(identity.lifeline) === 'held' ? { text: identity.lifeline, isOfLock: false } : null;
}
