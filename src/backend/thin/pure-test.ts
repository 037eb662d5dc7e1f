import { FLOCK_WITNESS } from '../portable/flock-witness.js';
import type { WitnessKind } from '../portable/witness-kind.js';
import type { ThinAddon } from './thin-addon.js';

/**
 * The witness on macOS, tested by fcntl(2), which takes no lock, while an owner holds it. That it is free is learned as
 * plain Node does: if the two disagreed, an owner on the other backend would be called dead.
 */
export function purelyTested(addon: ThinAddon): WitnessKind {
  const test: WitnessKind['test'] = (handle) => {
    const isSeenHeld = handle.pin !== null && addon.testWitness(handle.pin) === 'held';
    return isSeenHeld ? 'held' : FLOCK_WITNESS.test(handle);
  };
  return {
    ...FLOCK_WITNESS,
    test,
    testAnyLock: (handle) => (test(handle) === 'held' ? 'held' : 'untestable'),
  };
}
