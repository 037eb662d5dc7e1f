import type { LifelineOperations } from './backend.js';
import { systemError } from './system-error.js';

/**
 * The lifeline operations of plain Node, which has no fcntl(2) and so can neither take a lock nor test one.
 * With /proc/locks it can test: see procfs/lifeline.ts.
 */
export const NO_LIFELINE: LifelineOperations = Object.freeze({
  takeOfProcess: () => null,
  take: () => null,
  takeInheritable: () => null,
  takeThrough: () => {
    throw systemError('EXDEV', 'fcntl');
  },
  drop: () => {},
  test: () => 'untestable',
  list: () => null,
  losses: () => 0,
});
