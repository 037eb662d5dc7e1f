import { formatRatio, formatValue } from './units.mjs';

// 100 columns.
const WIDTHS = [56, 11, 11, 11, 11];

function line(cells, widths) {
  return cells
    .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
    .join('')
    .trimEnd();
}

/** Rows by their group, in order. */
export function byGroup(rows) {
  const groups = new Map();
  for (const row of rows) groups.set(row.group, [...(groups.get(row.group) ?? []), row]);
  return groups;
}

/** The rows of a run for a terminal, of at most 100 columns. */
export function rowsText(rows) {
  return [...byGroup(rows)]
    .map(([group, members]) =>
      [
        line([group, 'p50', 'p99', 'x ours', 'x C'], WIDTHS),
        ...members.map((row) => {
          if (row.missing !== undefined) return `  ${row.name}: ${row.missing}`;
          const { name, unit, p50, p99, ratio, floor } = row;
          const values = [
            formatValue(p50, unit),
            formatValue(p99, unit),
            formatRatio(ratio),
            formatRatio(floor),
          ];
          return line([`  ${name}`, ...values], WIDTHS);
        }),
      ].join('\n'),
    )
    .join('\n\n');
}

const VERDICTS = new Map([
  [true, 'met'],
  [false, 'MISSED'],
  [null, '-'],
]);

/** The bars that the project sets itself, and whether they are met. */
export function barsText(bars) {
  return bars
    .map(({ bar, measured, met }) => `${VERDICTS.get(met).padEnd(8)}${bar.padEnd(70)} ${measured}`)
    .join('\n');
}
