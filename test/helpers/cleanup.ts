import { onTestFinished } from 'vitest';

type Undo = () => void | Promise<void>;

const leftovers = new Set<Undo>();

// The last resort, for what was made outside a test or by a test that never ended. Only what an undo does before
// its first await happens here, so an undo kills first and waits afterwards.
process.on('exit', () => {
  for (const undo of leftovers) undo();
});

/**
 * Undoes something when the running test is over, whatever its outcome. Called from a beforeAll hook, it runs at the
 * end of the worker only: undo it there yourself, in afterAll.
 */
export function onCleanup(undo: Undo): void {
  leftovers.add(undo);
  const once = async () => {
    if (leftovers.delete(undo)) await undo();
  };
  try {
    onTestFinished(once);
  } catch {
    // Not inside a test: vitest has no hook for this place.
  }
}
