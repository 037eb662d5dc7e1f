import { inBatches, oneByOne, oneByOneAsync } from '../harness/sample.mjs';

/** Judging a dead owner takes less than a microsecond, which is too short to be timed alone. */
const DEAD_BATCH = 100;

/**
 * What is measured of one build, by the name of its row.
 * @param api the build. @param held a lock whose owner lives. @param stale a lock whose owner is dead.
 * @param free the path of a lock that no process holds.
 * @throws where the build judges the owners otherwise, because its times would be those of other work.
 */
export function operationsOf(
  { acquireLock, acquireLockSync, inspectLockSync, judgeOwner },
  { held, stale, free },
) {
  // A build recognises only the records that it parsed itself as checked.
  const living = inspectLockSync(held).owner;
  const dead = inspectLockSync(stale).owner;
  check(judgeOwner(living), 'alive');
  check(judgeOwner(dead), 'dead');
  return {
    'judge a living owner': oneByOne(() => judgeOwner(living)),
    'judge a dead owner': inBatches(DEAD_BATCH, (count) => {
      for (let i = 0; i < count; i += 1) judgeOwner(dead);
    }),
    'inspect a held lock': oneByOne(() => inspectLockSync(held)),
    'acquire, release sync': oneByOne(() => acquireLockSync(free).releaseSync()),
    'acquire, release async': oneByOneAsync(async () => (await acquireLock(free)).release()),
  };
}

function check({ state, reason }, expected) {
  if (state !== expected) throw new Error(`the owner is judged ${state} (${reason}), not ${expected}`);
}
