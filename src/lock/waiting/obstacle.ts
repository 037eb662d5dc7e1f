import type { OwnerRecord } from '../../record/owner-record.js';
import type { LockState } from '../protocol/assess.js';

/** What a look at the lock found in the waiter's way. */
export interface Obstacle extends Omit<LockState, 'state'> {
  /** null when no owner could be read. */
  readonly owner: OwnerRecord | null;
  /** True when the lock was changing, or a change may have been missed, so that a second look may help. */
  readonly moving: boolean;
}
