// Measures several subjects in turns, so that whatever else the machine does at the time falls on all of them.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { shareProcessor } from './processor.mjs';
import { median, pairedRatios, summary } from './statistics.mjs';

setFlagsFromString('--expose-gc');
// V8 takes code that was not run between a few collections for unused, and these come more often than in any program.
setFlagsFromString('--no-flush-bytecode');
/** A full collection of this process's garbage, or, with `{ type: 'minor' }`, one of what is young. */
export const collectGarbage = runInNewContext('gc');

const NS_PER_MS = 1e6;
/** Share of a turn that warms caches up again after the turns of the others; its samples are dropped. */
const WARM_UP = 0.2;

/**
 * A subject too short to be timed alone: `run(count)` loops itself, so that each has machine code of its own.
 * A sample is the mean of a batch.
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

/** A subject of a microsecond or more: each call is a sample, at least one a turn. */
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

/** {@link oneByOne} for what returns a promise. */
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

/** One call of `run` a turn: for what starts a process. */
export function onceATurn(run) {
  return { ...oneByOneAsync(run), turn: () => oneByOneAsync(run).turn(0) };
}

/**
 * Takes samples of all subjects, in rounds. `subjects` by name; undefined ones are passed over.
 * @returns by name: { p50, p99, max, samples, batch } in ns, and `against(other)`, the ratio of the medians.
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
    // Forth and back, so that none is always the one after a certain other.
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      // Not a full one: that also throws away machine code, which V8 then makes anew for most of a turn.
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
