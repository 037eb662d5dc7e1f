const TIMES = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'us'],
  [1, 'ns'],
];
const SIZES = [
  [2 ** 20, 'MiB'],
  [2 ** 10, 'KiB'],
  [1, 'B'],
];

/** Formats a number with about three significant digits. */
function digits(value) {
  const size = Math.abs(Number(value.toPrecision(3)));
  if (size === 0) return '0';
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  if (size >= 1) return value.toFixed(2);
  return size >= 0.01 ? value.toFixed(3) : value.toFixed(4);
}

function scaled(value, steps) {
  const [factor, unit] = steps.find(([least]) => Math.abs(value) >= least) ?? steps.at(-1);
  return `${digits(value / factor)} ${unit}`;
}

/** @param unit the unit of a row: ns, B, %, or empty for a number of things. */
export function formatValue(value, unit) {
  if (value === null) return '';
  if (unit === 'ns') return scaled(value, TIMES);
  if (unit === 'B') return scaled(value, SIZES);
  return unit === '' ? String(value) : `${digits(value)} ${unit}`;
}

export function formatRatio(ratio) {
  if (ratio === null) return '';
  return ratio >= 10_000 ? ratio.toExponential(1).replace('+', '') : digits(ratio);
}
