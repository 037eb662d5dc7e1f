import { formatRatio, formatValue } from './units.mjs';

/** A bar that the project has set itself. `measured` is text; `met` is null when it could not be measured here. */
function bar(text, measured, met) {
  return { bar: text, measured, met };
}

function find(rows, name) {
  const found = rows.find((row) => row.name === name);
  if (found === undefined) throw new Error(`there is no row ${name}`);
  return found;
}

/** The bar that p50 of a row, or `quantile`, is at most `limit`, in the row's unit. */
export function atMost(text, rows, name, limit, quantile = 'p50') {
  const { [quantile]: value, unit, missing } = find(rows, name);
  if (value === null) return bar(text, missing, null);
  return bar(text, formatValue(value, unit), value <= limit);
}

/** The bar that a row takes at most `limit` times as long as the same system calls in C. */
export function atMostFloor(text, rows, name, limit) {
  const { floor, missing } = find(rows, name);
  if (floor === null) return bar(text, missing ?? 'no compiler', null);
  return bar(text, `${formatRatio(floor)} x C`, floor <= limit);
}

/** The bar that the row `other` takes at least `factor` times as long as the row `name`. */
export function fasterThan(text, rows, name, other, factor) {
  const { ratio: ours, missing } = find(rows, name);
  const { ratio: theirs, missing: theirsMissing } = find(rows, other);
  if (ours === null || theirs === null) return bar(text, missing ?? theirsMissing, null);
  return bar(text, `${formatRatio(theirs / ours)} x faster`, theirs / ours >= factor);
}
