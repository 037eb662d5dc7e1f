import type { WitnessOperations } from '../backend.js';
import { systemError } from '../system-error.js';

/** Plain Node has no fcntl(2), so it can neither lock a file nor ask whether it is locked. */
export const portableWitness: WitnessOperations = {
  take() {
    throw systemError('ENOSYS', 'fcntl');
  },

  isHeldThrough: () => false,
  test: () => 'untestable',
  testAnyLock: () => 'untestable',
  testAt: () => 'untestable',
};
