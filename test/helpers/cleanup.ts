import { onTestFinished } from 'vitest';

type Undo = () => void | Promise<void>;

const leftovers = new Set<Undo>();

// The last resort, for what was made outside a test or by a test that never ended. Only the part of an undo
// before its first await runs here, so an undo must kill first and wait afterwards.
process.on('exit', () => {
  for (const undo of leftovers) undo();
});

/**
 * Undoes something when the running test is over, whatever its outcome. When called from a beforeAll hook, it
 * runs only at the end of the worker: undo such things in afterAll instead.
 */
export function onCleanup(undo: Undo): void {
  leftovers.add(undo);
  const once = async () => {
    if (leftovers.delete(undo)) await undo();
  };
  try {
    onTestFinished(once);
  } catch {
    // onTestFinished throws outside a test, and vitest has no hook for this place.
  }
}
