import { Wakeup } from '../lock/waiting/wakeup.js';
import type { LocksWatch, NamedInspection } from './locks.js';

/** Milliseconds between two looks that something woke. */
const PACE = 20;

/**
 * Calls `changed` with a first inspection, and with each later one that differs in its state or its owner. Where a look
 * fails the state is `unknown` until one succeeds.
 * @param listen starts what calls `wake` at a change. It may call for nothing.
 * @param interval ms after which it looks in any case.
 * @throws what the first `inspect` throws.
 */
export async function watchInspections(
  inspect: () => Promise<NamedInspection>,
  changed: (inspection: NamedInspection) => void,
  listen: (wake: () => void) => Promise<LocksWatch | null>,
  interval: number,
): Promise<LocksWatch> {
  const wakeup = new Wakeup();
  let isClosed = false;
  let known = '';
  let listening: LocksWatch | null = null;
  const report = (inspection: NamedInspection) => {
    const state = `${inspection.state} ${inspection.owner?.nonce} ${inspection.fencingToken}`;
    if (isClosed || state === known) return;
    known = state;
    changed(inspection);
  };
  const start = async () => {
    listening?.close();
    listening = null;
    listening = await listen(() => wakeup.wake());
  };
  const lookAgain = async (): Promise<NamedInspection> => {
    try {
      await start();
      last = await inspect();
      return last;
    } catch (error) {
      const description = `it cannot be seen now: ${(error as Error).message}`;
      return { ...last, state: 'unknown', verdict: null, description };
    }
  };
  const go = async () => {
    while (!isClosed) {
      await wakeup.wait(interval, undefined);
      if (isClosed) break;
      report(await lookAgain());
      await new Promise((resolve) => setTimeout(resolve, PACE));
    }
    listening?.close();
  };
  // Where the server cannot be reached the caller hears of it here, before anything else is tried for as long again.
  let last = await inspect();
  report(last);
  report(await lookAgain());
  void go();
  return {
    close() {
      isClosed = true;
      listening?.close();
      wakeup.wake();
    },
  };
}
