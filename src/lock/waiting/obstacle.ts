import type { OwnerRecord } from '../../record/owner-record.js';
import type { LockState } from '../protocol/assess.js';
import { LEASED } from '../protocol/file-lease.js';

/** What a look at the lock found in the waiter's way. */
export interface Obstacle extends Omit<LockState, 'state'> {
  /** null when no owner could be read. */
  readonly owner: OwnerRecord | null;
  /** True when the lock was changing, or a change may have been missed, so that a second look may help. */
  readonly moving: boolean;
}

export const OVERTAKEN: Obstacle = {
  verdict: null,
  description: 'others take and release the lock faster than this process',
  owner: null,
  moving: true,
};

export const OUT_OF_DESCRIPTORS: Obstacle = {
  verdict: null,
  description: 'this process has no descriptor left to look at it or to take it',
  owner: null,
  moving: false,
  lookAgainIn: 10,
};

export const TURN_OF_OTHERS: Obstacle = {
  verdict: null,
  description: 'it was released a moment ago, and it is the turn of a task that has waited for it longer',
  owner: null,
  moving: false,
};

/** No event reports that the lease was given back. */
export const LEASE_OF_OTHERS: Obstacle = {
  verdict: null,
  description: LEASED,
  owner: null,
  moving: false,
  lookAgainIn: 100,
};
