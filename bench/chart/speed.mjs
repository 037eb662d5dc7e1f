import { formatValue } from '../harness/units.mjs';
import { element, logScale, picture, text } from './svg.mjs';

// Each bar is [kind, name of the row], and a shorter label where the name is too long.
const SECTIONS = [
  {
    title: 'Does the owner still live? (one poll)',
    group: 'poll: does the owner still live?',
    bars: [
      ['ours', 'OwnerWatch.alive'],
      ['floor', 'getppid in C: a bare system call', 'a bare system call in C (getppid)'],
      ['other', 'process.kill(pid, 0)'],
      ['other', 'readFileSync(/proc/<pid>/stat)'],
      ['other', 'ps -o lstart='],
    ],
  },
  {
    title: 'Judge a record whose owner lives',
    group: 'judge a record: its owner lives',
    bars: [
      ['ours', 'judgeOwner(record)'],
      ['floor', 'pidfd_open, fstat, poll, close in C'],
    ],
  },
  {
    title: 'Inspect a held lock',
    group: 'inspect a held lock',
    bars: [
      ['ours', 'inspectLockSync'],
      ['floor', 'the same system calls in C'],
      ['other', 'proper-lockfile checkSync, and reading an owner file', 'proper-lockfile check + owner file'],
    ],
  },
  {
    title: 'Acquire and release, uncontended',
    group: 'acquire and release, uncontended',
    bars: [
      ['ours', 'acquireLockSync, releaseSync', 'kernel-identity, sync'],
      ['ours', 'acquireLock, release', 'kernel-identity, async'],
      ['floor', 'the same system calls in C'],
      ['other', 'fs-native-extensions: open, tryLock, close', 'fs-native-extensions (no owner record)'],
      ['other', 'lockfile lockSync, unlockSync', 'lockfile, sync (no owner record)'],
      ['other', 'proper-lockfile lockSync, unlockSync', 'proper-lockfile, sync (no owner record)'],
      ['other', 'proper-lockfile lock, unlock', 'proper-lockfile, async (no owner record)'],
      ['other', 'fs-safe acquireFileLockSync, release', 'fs-safe, sync'],
      ['other', 'fs-safe acquireFileLock, release', 'fs-safe, async'],
      ['other', 'cross-process-lock lock, unlock', 'cross-process-lock, async'],
    ],
  },
  {
    title: 'Wake a waiter after the release',
    group: 'wake after release',
    bars: [
      ['ours', 'kernel-identity, acquireLockSync', 'kernel-identity, sync'],
      ['ours', 'kernel-identity, acquireLock', 'kernel-identity, async'],
      ['other', 'proper-lockfile, retry every 100 ms'],
      ['other', 'mkdir and kill(pid, 0) every 100 ms'],
    ],
  },
];

const LEGEND = [
  ['ours', 'kernel-identity'],
  ['floor', 'the same system calls in C'],
  ['other', 'others'],
];

const WIDTH = 860;
const LABEL_END = 292;
/** The x of both ends of the bars. The value stands to the right of its bar. */
const PLOT = [304, 760];
const ROW = 20;
const SECTION = 34;
const TOP = 74;

/** Draws p50 of every row that is compared, with a line up to p99. */
export function speedChart({ rows }, theme) {
  const scale = logScale([1, farEnd(rows)], PLOT);
  const parts = [];
  let y = TOP;
  for (const { title, group, bars } of SECTIONS) {
    y += SECTION;
    parts.push(text(24, y - 9, title, { fill: theme.text, size: 13, weight: 600 }));
    for (const [kind, name, label = name] of bars) {
      parts.push(...bar(find(rows, group, name), { kind, label, y, scale, theme }));
      y += ROW;
    }
  }
  const bottom = y + 6;
  const height = bottom + 44;
  return picture(
    { width: WIDTH, height, title: 'Time of each operation, logarithmic', theme },
    text(24, 34, 'What it costs', { fill: theme.text, size: 17, weight: 600 }),
    legend(theme),
    grid(scale, bottom, theme),
    parts,
    text(
      24,
      bottom + 28,
      'Median; the thin line ends at the 99th percentile. Logarithmic: each step is 10 times as long.',
      {
        fill: theme.faint,
        size: 11,
      },
    ),
  );
}

function find(rows, group, name) {
  const row = rows.find((one) => one.group === group && one.name === name);
  if (row === undefined) throw new Error(`there is no row ${group}: ${name}`);
  return row;
}

/** Returns the end of the decade in which the longest bar ends, in ns. */
function farEnd(rows) {
  const shown = SECTIONS.flatMap(({ group, bars }) => bars.map(([, name]) => find(rows, group, name)));
  return 10 ** Math.ceil(Math.log10(Math.max(...shown.map(({ p50, p99 }) => Math.max(p50 ?? 1, p99 ?? 1)))));
}

function bar({ p50, p99, unit, missing }, { kind, label, y, scale, theme }) {
  const name = text(LABEL_END, y + 14, label, { fill: theme.text, anchor: 'end' });
  if (missing !== undefined)
    return [name, text(PLOT[0] + 4, y + 14, missing, { fill: theme.faint, size: 11 })];
  const [start, end, far] = [PLOT[0], scale.at(p50), scale.at(Math.max(p50, p99 ?? p50))];
  const middle = y + 10;
  return [
    name,
    element('line', { x1: end, x2: far, y1: middle, y2: middle, stroke: theme[kind], 'stroke-width': 1.5 }),
    element('rect', {
      x: start,
      y: y + 4,
      width: Math.max(2, end - start),
      height: 12,
      rx: 2,
      fill: theme[kind],
    }),
    text(far + 6, y + 14, formatValue(p50, unit), {
      fill: kind === 'ours' ? theme.text : theme.faint,
      weight: kind === 'ours' ? 600 : undefined,
      halo: theme.background,
    }),
  ];
}

function legend(theme) {
  let x = 304;
  return LEGEND.flatMap(([kind, label]) => {
    const parts = [
      element('rect', { x, y: 24, width: 12, height: 12, rx: 2, fill: theme[kind] }),
      text(x + 18, 34, label, { fill: theme.text }),
    ];
    x += 46 + 6.6 * label.length;
    return parts;
  });
}

function grid(scale, bottom, theme) {
  return scale.decades.flatMap((ns) => {
    const x = scale.at(ns);
    const label = formatValue(ns, 'ns').replace('.00', '').replace('.0', '');
    return [
      element('line', { x1: x, x2: x, y1: TOP + 4, y2: bottom, stroke: theme.grid }),
      text(x, TOP - 4, label, { fill: theme.faint, anchor: 'middle', size: 11 }),
    ];
  });
}
