import { interleave } from './sample.mjs';

/**
 * Measures the subjects of one group side by side.
 * @param group the heading.
 * @param own the row that `ratio` refers to. @param floor the row that `floor` refers to, if it is measured.
 * @param subjects by name; a string in place of a subject says why it cannot be measured.
 * @returns the rows of the report, in the order of the subjects.
 */
export async function measureGroup({ group, own, floor, subjects }, plan) {
  const present = Object.fromEntries(
    Object.entries(subjects).filter(([, subject]) => typeof subject !== 'string'),
  );
  const results = await interleave(present, plan);
  return Object.keys(subjects).map((name) => {
    const result = results[name];
    if (result === undefined) return missingRow(group, name, subjects[name]);
    const { p50, p99, samples, batch, against } = result;
    return row({ group, name, p50, p99, ratio: against(own), floor: against(floor), batch, samples });
  });
}

/** A line of the report. Times are in ns; `ratio` is to our own row, `floor` to the same system calls in C. */
export function row({ group, name, unit = 'ns', p50, p99, ratio, floor, batch, samples }) {
  return {
    group,
    name,
    unit,
    p50,
    p99: p99 ?? null,
    ratio: ratio ?? null,
    floor: floor ?? null,
    batch: batch ?? 1,
    samples: samples ?? 1,
  };
}

/** A line of the report that this machine cannot measure; `missing` says why. */
export function missingRow(group, name, missing, unit = 'ns') {
  return { ...row({ group, name, unit, p50: null }), samples: 0, missing };
}
