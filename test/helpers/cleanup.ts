import { AsyncLocalStorage } from 'node:async_hooks';
import { onTestFinished, type TestContext } from 'vitest';

type Undo = () => void | Promise<void>;

/** The running test, where tests run at the same time: vitest itself knows only the one that began last. */
const running = new AsyncLocalStorage<TestContext>();

const leftovers = new Set<Undo>();

// The last resort, for what was made outside a test or by a test that never ended. Only the part of an undo
// before its first await runs here, so an undo must kill first and wait afterwards.
process.on('exit', () => {
  for (const undo of leftovers) undo();
});

/** Runs a test so that {@link onCleanup} knows it, which tests that run at the same time need. */
export function asTest(context: TestContext, run: (context: TestContext) => unknown): unknown {
  return running.run(context, run, context);
}

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
    (running.getStore()?.onTestFinished ?? onTestFinished)(once);
  } catch {
    // onTestFinished throws outside a test, and vitest has no hook for this place.
  }
}
