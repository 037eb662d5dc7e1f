import type { LockInspection } from '../../lock/inspect.js';
import type { Tone } from './paint.js';

/** How the states of a lock look. */
export const STATE_TONES: Readonly<Record<LockInspection['state'], Tone>> = {
  free: 'good',
  held: 'good',
  stale: 'caution',
  unknown: 'caution',
};
