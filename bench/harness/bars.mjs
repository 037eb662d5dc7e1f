import { formatRatio, formatValue } from './units.mjs';

/**
 * A bar that the project has set itself. `measured` is in words; `met` null: it could not be measured here.
 */
function bar(text, measured, met) {
  return { bar: text, measured, met };
}

function find(rows, name) {
  const found = rows.find((row) => row.name === name);
  if (found === undefined) throw new Error(`no row ${name}`);
  return found;
}

/** p50, or `quantile`, of a row is at most `limit`, in the row's unit. */
export function atMost(text, rows, name, limit, quantile = 'p50') {
  const { [quantile]: value, unit, missing } = find(rows, name);
  if (value === null) return bar(text, missing, null);
  return bar(text, formatValue(value, unit), value <= limit);
}

/** A row takes at most so many times as long as the same system calls in C. */
export function atMostFloor(text, rows, name, limit) {
  const { floor, missing } = find(rows, name);
  if (floor === null) return bar(text, missing ?? 'no compiler', null);
  return bar(text, `${formatRatio(floor)} x C`, floor <= limit);
}

/** Another row takes at least so many times as long as this one. */
export function fasterThan(text, rows, name, other, factor) {
  const { ratio: ours, missing } = find(rows, name);
  const { ratio: theirs, missing: theirsMissing } = find(rows, other);
  if (ours === null || theirs === null) return bar(text, missing ?? theirsMissing, null);
  return bar(text, `${formatRatio(theirs / ours)} x faster`, theirs / ours >= factor);
}
