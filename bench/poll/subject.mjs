import { inBatches } from '../harness/sample.mjs';

export const BATCH = 1000;

/** What a program does that waits for the end of a process in a loop of its own. */
export function pollSubject(watch) {
  // Where the kernel cannot be asked to report the exit, each read is a judgement, of micro- or milliseconds.
  return inBatches(watch.event ? BATCH : 1, (count) => {
    let deaths = 0;
    for (let i = 0; i < count; i += 1) if (!watch.alive) deaths += 1;
    if (deaths > 0) throw new Error(`said to be dead: ${JSON.stringify(watch.verdict)}`);
  });
}
