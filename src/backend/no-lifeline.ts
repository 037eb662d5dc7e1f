import type { LifelineOperations } from './backend.js';

/** The lifeline of backends in plain Node, which can take no lock: fcntl(2) is out of its reach. */
export const NO_LIFELINE: LifelineOperations = Object.freeze({
  takeOfProcess: () => null,
  take: () => null,
  takeInheritable: () => null,
  drop: () => {},
  test: () => 'untestable',
  list: () => null,
  losses: () => 0,
});
