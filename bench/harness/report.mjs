import { formatRatio, formatValue } from './units.mjs';

/**
 * Returns the rows of a run as tables, one for each group: { title, head, lines }, all of it text. A line with a single
 * cell says why there are no figures.
 */
export function tablesOf(rows) {
  return [...byGroup(rows)].map(([title, members]) =>
    members.some(({ at }) => at !== undefined) ? seriesTable(title, members) : groupTable(title, members),
  );
}

function byGroup(rows) {
  const groups = new Map();
  for (const row of rows) groups.set(row.group, [...(groups.get(row.group) ?? []), row]);
  return groups;
}

function groupTable(title, rows) {
  // A column without any value is left out, because a value that was measured once has no p99, and a row without a
  // counterpart has no ratio.
  const columns = [
    ['p50', ({ p50, unit }) => formatValue(p50, unit)],
    ['p99', ({ p99, unit }) => formatValue(p99, unit)],
    ['x ours', ({ ratio }) => formatRatio(ratio)],
    ['x C', ({ floor }) => formatRatio(floor)],
  ].filter(([, show], i) => i === 0 || rows.some((row) => show(row) !== ''));
  return {
    title,
    head: columns.map(([name]) => name),
    lines: rows.map((row) =>
      row.missing === undefined
        ? [row.name, ...columns.map(([, show]) => show(row))]
        : [`${row.name}: ${row.missing}`],
    ),
  };
}

/** A table of p50, with a line for each series and a column for each number of things. */
function seriesTable(title, rows) {
  const numbers = [...new Set(rows.map(({ at }) => at))];
  const series = [...new Set(rows.map((row) => row.series))];
  return {
    title,
    head: numbers.map((number) => number.toLocaleString('en').replaceAll(',', ' ')),
    lines: series.map((name) => [
      name,
      ...numbers.map((number) => {
        const { p50, unit } = rows.find((row) => row.series === name && row.at === number);
        return formatValue(p50, unit);
      }),
    ]),
  };
}

/** Formats a table for a terminal, 100 columns wide. */
export function tableText({ title, head, lines }) {
  const cellWidth = 11;
  const nameWidth = 100 - cellWidth * Math.max(4, head.length);
  const text = ([name, ...cells]) =>
    cells.length === 0
      ? name
      : name.padEnd(nameWidth) + cells.map((cell) => cell.padStart(cellWidth)).join('');
  return [text([title, ...head]), ...lines.map(([name, ...cells]) => text([`  ${name}`, ...cells]))]
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Formats a table for a page of Markdown. */
export function tableMarkdown({ title, head, lines }) {
  const text = (cells) => `| ${cells.map((cell) => cell.trim().replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    text([title, ...head]),
    `|---|${head.map(() => '---:|').join('')}`,
    ...lines.map((cells) => text([...cells, ...Array(head.length + 1 - cells.length).fill('')])),
  ].join('\n');
}

const VERDICTS = new Map([
  [true, 'met'],
  [false, 'MISSED'],
  [null, '-'],
]);

/** Formats the bars that the project sets itself, and whether each is met. */
export function barsText(bars) {
  return bars
    .map(({ bar, measured, met }) => `${VERDICTS.get(met).padEnd(8)}${bar.padEnd(72)}${measured}`)
    .join('\n');
}

export function barsMarkdown(bars) {
  const lines = bars.map(({ bar, measured, met }) => [bar, measured, VERDICTS.get(met)]);
  return tableMarkdown({ title: 'bar', head: ['measured', 'met'], lines });
}

/** Names in one line what the figures depend on. */
export function machineLine({ cpu, cores, kernel, node, filesystem }) {
  return `${cpu}, ${cores} cores, Linux ${kernel}, node ${node}, locks on ${filesystem}`;
}

/** Names the lowest and the highest load average, over a minute, at the start of a part. */
export function loadLine({ loads }) {
  const values = Object.values(loads);
  return `load ${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)}`;
}
