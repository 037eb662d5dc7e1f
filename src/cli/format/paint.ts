import type { InspectedLock } from '../../lock/inspect.js';

/** The meaning of a piece of text. The caller decides how that meaning looks. */
export type Tone = 'heading' | 'good' | 'caution' | 'quiet';

export type Paint = (tone: Tone, text: string) => string;

/** Leaves text as it is, for files, pipes and reports. */
export const plain: Paint = (_tone, text) => text;

/** The tone of each state of a lock. */
export const STATE_TONES: Readonly<Record<InspectedLock['state'], Tone>> = {
  free: 'good',
  held: 'good',
  stale: 'caution',
  unknown: 'caution',
};
