import type { OwnerRecord } from '../../record/owner-record.js';
import type { LockState } from '../protocol/assess.js';

/** What a look at the lock found in the waiter's way. */
export interface Obstacle extends Omit<LockState, 'state'> {
  /** null when no owner could be read. */
  readonly owner: OwnerRecord | null;
  /** True when the lock was changing, or when a change may have been missed, so that it is worth a second look at once. */
  readonly moving: boolean;
}
