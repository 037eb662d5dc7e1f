import { compiled } from '../harness/compiled.mjs';
import { NO_COMPILER } from '../harness/floor.mjs';
import { missingRow, row } from '../harness/group.mjs';
import { interleave } from '../harness/sample.mjs';
import { SCALING } from '../scaling/groups.mjs';
import { byLocks, byProcesses, byWaiters, byWatches } from '../scaling/series.mjs';

/** Numbers of things (`few` with --quick), and the generator that yields the subjects to measure at each number. */
const SERIES = [
  {
    group: SCALING.watches,
    numbers: [1, 10, 100, 1000, 10_000],
    few: [1, 1000],
    series: byWatches,
  },
  { group: SCALING.waiters, numbers: [1, 4, 16, 64, 256], few: [1, 16], series: byWaiters },
  {
    group: SCALING.locks,
    numbers: [1, 10, 100, 1000, 10_000],
    few: [1, 1000],
    series: byLocks,
  },
  {
    group: SCALING.processes,
    numbers: [100, 300, 1000, 3000, 5000],
    few: [100, 300],
    series: byProcesses,
    needsCompiler: true,
  },
];

/** Measures whether all stays as fast when there is more of everything. `ratio` is to the smallest number. */
export async function measureScaling({ quick, directory, plan }) {
  const rows = [];
  for (const { group, numbers, few, series, needsCompiler } of SERIES) {
    if (needsCompiler && compiled('scaling/crowd') === null) {
      rows.push(missingRow(group, 'all', NO_COMPILER));
      continue;
    }
    const smallest = new Map();
    for await (const [at, subjects] of series(quick ? few : numbers, directory)) {
      const results = await interleave(subjects, { ...plan, rounds: quick ? 2 : 5 });
      for (const [name, { p50, p99, batch, samples }] of Object.entries(results)) {
        if (!smallest.has(name)) smallest.set(name, p50);
        const ratio = p50 / smallest.get(name);
        rows.push({
          ...row({ group, name: `${name}, ${at}`, p50, p99, ratio, batch, samples }),
          series: name,
          at,
        });
      }
    }
  }
  return { rows, bars: [] };
}
