import { inBatches } from '../harness/sample.mjs';

export const BATCH = 1000;

/** A subject that polls as a program does that waits for the end of a process in a loop of its own. */
export function pollSubject(watch) {
  // If the kernel cannot report the exit, each read is a judgement, which takes micro- or milliseconds.
  return inBatches(watch.event ? BATCH : 1, (count) => {
    let deaths = 0;
    for (let i = 0; i < count; i += 1) if (!watch.alive) deaths += 1;
    if (deaths > 0)
      throw new Error(`the watch reports a living owner as dead: ${JSON.stringify(watch.verdict)}`);
  });
}
