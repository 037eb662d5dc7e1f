// Measures several subjects in turns, so that other work of the machine disturbs all of them alike.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { shareProcessor } from './processor.mjs';
import { median, pairedRatios, summary } from './statistics.mjs';

setFlagsFromString('--expose-gc');
// V8 drops the bytecode of a function that did not run between a few collections, and collections are more frequent
// here than in any program.
setFlagsFromString('--no-flush-bytecode');
/** Collects all garbage of this process, or only the young generation when called with `{ type: 'minor' }`. */
export const collectGarbage = runInNewContext('gc');

const NS_PER_MS = 1e6;
/** The share of a turn whose samples are dropped, because the turns of the others have left the caches cold. */
const WARM_UP = 0.2;

/**
 * A subject that is too short to be timed alone. The loop is in `run(count)`, so that each subject has machine code of
 * its own. A sample is the mean of a batch.
 */
export function inBatches(batch, run) {
  return {
    batch,
    turn(ms) {
      const samples = [];
      const end = performance.now() + ms;
      for (let before = performance.now(); before < end; ) {
        run(batch);
        const after = performance.now();
        samples.push(((after - before) * NS_PER_MS) / batch);
        before = after;
      }
      return samples;
    },
  };
}

/** A subject that takes a microsecond or more. Each call is a sample, and each turn has at least one. */
export function oneByOne(run) {
  return {
    batch: 1,
    turn(ms) {
      const samples = [];
      const end = performance.now() + ms;
      do {
        const before = performance.now();
        run();
        samples.push((performance.now() - before) * NS_PER_MS);
      } while (performance.now() < end);
      return samples;
    },
  };
}

/** The same as {@link oneByOne}, for a function that returns a promise. */
export function oneByOneAsync(run) {
  return {
    batch: 1,
    async turn(ms) {
      const samples = [];
      const end = performance.now() + ms;
      do {
        const before = performance.now();
        await run();
        samples.push((performance.now() - before) * NS_PER_MS);
      } while (performance.now() < end);
      return samples;
    },
  };
}

/** A subject in another process, which answers `<operation> <batch> <ms>` with its samples in ns on one line. */
export function elsewhere(talker, operation, batch) {
  return {
    batch,
    pid: talker.pid,
    turn: async (ms) => {
      talker.write(`${operation} ${batch} ${ms}`);
      const line = await talker.line();
      return line.trim().split(' ').map(Number);
    },
  };
}

/** A subject that is called once a turn, because it starts a process. */
export function onceATurn(run) {
  return { ...oneByOneAsync(run), turn: () => oneByOneAsync(run).turn(0) };
}

/**
 * Takes samples of all subjects, in rounds.
 * @param subjects by name; undefined ones are skipped.
 * @returns by name { p10, p50, p99, max, samples, batch }, times in ns, and `against(other)`: the ratio of the medians of
 * a round, as the median over the rounds.
 */
export async function interleave(subjects, { rounds, turnMs }) {
  const names = Object.keys(subjects).filter((name) => subjects[name] !== undefined);
  const others = names.flatMap((name) => subjects[name].pid ?? []);
  const release = others.length > 0 ? shareProcessor([...new Set(others)]) : () => {};
  try {
    return await measure(names, subjects, { rounds, turnMs });
  } finally {
    release();
  }
}

async function measure(names, subjects, { rounds, turnMs }) {
  const samples = Object.fromEntries(names.map((name) => [name, []]));
  const medians = Object.fromEntries(names.map((name) => [name, []]));
  for (const name of names) await subjects[name].turn(4 * turnMs);
  for (let round = 0; round < rounds; round += 1) {
    // Every other round goes backwards, so that no subject always follows the same other one.
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      // A full collection would also discard machine code, which V8 would then make anew for most of a turn.
      collectGarbage({ type: 'minor' });
      const taken = await subjects[name].turn(turnMs);
      const kept = taken.slice(Math.floor(taken.length * WARM_UP));
      for (const sample of kept) samples[name].push(sample);
      medians[name].push(median(kept));
    }
  }
  return Object.fromEntries(
    names.map((name) => [
      name,
      {
        ...summary(samples[name]),
        batch: subjects[name].batch,
        against: (other) =>
          medians[other] === undefined ? null : median(pairedRatios(medians[name], medians[other])),
      },
    ]),
  );
}
