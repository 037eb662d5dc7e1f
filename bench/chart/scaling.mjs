import { formatValue } from '../harness/units.mjs';
import { BIRTHS, SCALING } from '../scaling/groups.mjs';
import { element, logScale, picture, text } from './svg.mjs';

const PANELS = [
  { group: SCALING.watches, title: 'Watches that are open' },
  { group: SCALING.waiters, title: 'Waiters for one lock' },
  { group: SCALING.locks, title: 'Locks in the directory' },
  { group: SCALING.processes, title: 'Processes on the machine' },
  { group: SCALING.lifelines, title: `Processes with a lifeline; ${BIRTHS} are born and die each second` },
];

const WIDTH = 860;
const PANEL = { width: 418, height: 356 };
const COLUMNS = 2;
const TOP = 56;
const LEGEND_ROW = 17;
const LEGEND_ROWS = 4;
/** The vertical axis spans at least this many decades, because a flat line looks flat only on a tall scale. */
const LEAST_DECADES = 4;

/** Draws cost against number, in one panel for each kind of thing. */
export function scalingChart({ rows }, theme) {
  const height = TOP + Math.ceil(PANELS.length / COLUMNS) * PANEL.height + 24;
  return picture(
    { width: WIDTH, height, title: 'Cost against number, logarithmic', theme },
    text(24, 34, 'What it costs where there is more of everything', {
      fill: theme.text,
      size: 17,
      weight: 600,
    }),
    PANELS.map(({ group, title }, i) => {
      const x = 12 + (i % COLUMNS) * PANEL.width;
      const y = TOP + Math.floor(i / COLUMNS) * PANEL.height;
      return panel(
        rows.filter((row) => row.group === group),
        { title, x, y, theme },
      );
    }),
    text(
      24,
      height - 14,
      'Median. Both axes are logarithmic. A share of a core is drawn as the time that it takes in a second.',
      { fill: theme.faint, size: 11 },
    ),
  );
}

function panel(rows, { title, x, y, theme }) {
  const heading = text(x + 12, y + 20, title, { fill: theme.text, size: 13, weight: 600 });
  const missing = rows.find((row) => row.missing !== undefined)?.missing;
  if (missing !== undefined)
    return [heading, text(x + 12, y + 42, missing, { fill: theme.faint })].join('\n');
  const plot = {
    left: x + 62,
    right: x + PANEL.width - 24,
    top: y + 46 + LEGEND_ROWS * LEGEND_ROW,
    bottom: y + PANEL.height - 34,
  };
  const numbers = rows.map(({ at }) => at);
  const across = logScale([Math.min(...numbers), Math.max(...numbers)], [plot.left + 10, plot.right - 10]);
  const up = logScale(rangeOf(rows.map(nanoseconds)), [plot.bottom, plot.top]);
  const series = [...new Set(rows.map((row) => row.series))];
  return [
    heading,
    ...horizontal(up, plot, theme),
    ...[...new Set(numbers)].map((number) =>
      text(across.at(number), plot.bottom + 18, number.toLocaleString('en').replaceAll(',', ' '), {
        fill: theme.faint,
        anchor: 'middle',
        size: 11,
      }),
    ),
    ...series.flatMap((name, i) => {
      const points = rows.filter((row) => row.series === name);
      return [...line(points, across, up, theme.series[i]), ...key(points, i, { x, y, theme })];
    }),
  ].join('\n');
}

const NS_PER_PERCENT = 1e7;

function nanoseconds({ p50, unit }) {
  return unit === '%' ? p50 * NS_PER_PERCENT : p50;
}

/** Returns the whole decades around the values, as [least, most]. */
function rangeOf(values) {
  let low = Math.floor(Math.log10(Math.min(...values)));
  let high = Math.ceil(Math.log10(Math.max(...values)));
  while (high - low < LEAST_DECADES) {
    if ((high - low) % 2 === 0) high += 1;
    else low -= 1;
  }
  return [10 ** low, 10 ** high];
}

function horizontal(up, { left, right }, theme) {
  const every = up.decades.length > 7 ? 2 : 1;
  return up.decades.flatMap((ns, i) => [
    element('line', { x1: left, x2: right, y1: up.at(ns), y2: up.at(ns), stroke: theme.grid }),
    ...(i % every === 0
      ? [
          text(left - 8, up.at(ns) + 4, formatValue(ns, 'ns').replace('.00', '').replace('.0', ''), {
            fill: theme.faint,
            anchor: 'end',
            size: 11,
          }),
        ]
      : []),
  ]);
}

function line(points, across, up, colour) {
  const places = points.map((row) => [across.at(row.at), up.at(nanoseconds(row))]);
  return [
    element('polyline', {
      points: places.map((place) => place.map((value) => value.toFixed(1)).join(',')).join(' '),
      fill: 'none',
      stroke: colour,
      'stroke-width': 2,
    }),
    ...places.map(([cx, cy]) => element('circle', { cx, cy, r: 3.5, fill: colour })),
  ];
}

/** Draws the key of one series: its colour, its name and the values at both ends. */
function key(points, i, { x, y, theme }) {
  const [first, last] = [points[0], points.at(-1)];
  const top = y + 40 + i * LEGEND_ROW;
  const values = `${formatValue(first.p50, first.unit)} to ${formatValue(last.p50, last.unit)}`;
  return [
    element('rect', { x: x + 12, y: top - 3, width: 14, height: 4, rx: 2, fill: theme.series[i] }),
    text(x + 34, top + 3, first.series, { fill: theme.text, size: 11.5 }),
    text(x + PANEL.width - 24, top + 3, values, { fill: theme.faint, size: 11.5, anchor: 'end' }),
  ];
}
