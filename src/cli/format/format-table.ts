import { shortCommand } from '../../identity/describe-process.js';
import type { LockUsers } from '../../lock/holders.js';
import type { InspectedLock } from '../../lock/inspect.js';
import { shortElapsed } from '../../text/elapsed.js';
import { printable } from '../../text/printable.js';
import { padColumns, wrap } from './layout.js';
import { type Paint, plain, STATE_TONES } from './paint.js';
import { terminalSize } from './terminal.js';

const HEADINGS = ['state', 'pid', 'age', 'why', 'command'];
const GAP = '  ';
/** Characters of a command line in the table. */
const MAX_COMMAND = 24;
/** Spaces before what belongs to the line above. */
export const INDENT = '  ';

/** A line of the table. */
export interface TableRow {
  readonly inspection: InspectedLock;
  /** As the user gave it, or below a directory that the user gave. */
  readonly path: string;
  readonly users: LockUsers;
}

/**
 * One line for each lock, the path last. A path is never cut and never broken, so that it can be copied: where it does
 * not fit into its column it gets a line of its own, which the terminal wraps. Where not even the other columns fit into
 * the window, each lock gets a paragraph.
 * @param below gives more lines for a lock.
 */
export function formatTable(
  rows: readonly TableRow[],
  paint: Paint = plain,
  below: (row: TableRow) => readonly string[] = () => [],
): string {
  const { columns } = terminalSize();
  const [headings = [], ...cells] = padColumns([HEADINGS, ...rows.map(cellsOf)]);
  const left = headings.reduce((sum, { length }) => sum + length + GAP.length, 0);
  const texts = rows.map((row, index) => ({
    row,
    cells: cells[index] as string[],
    path: pathText(row.path),
  }));
  const lines =
    left > columns
      ? texts.flatMap(({ row, path, cells: values }) => [path, ...paragraph(row, values, columns, paint)])
      : [
          paint('quiet', [...headings, 'path'].join(GAP)),
          ...texts.flatMap(({ row, path, cells: [state = '', ...values] }) => {
            const start = [paint(STATE_TONES[row.inspection.state], state), ...values].join(GAP);
            return path.length <= columns - left
              ? [`${start}${GAP}${path}`, ...below(row)]
              : [start.trimEnd(), `${INDENT}${path}`, ...below(row)];
          }),
        ];
  return lines.join('\n');

  function paragraph(row: TableRow, values: string[], width: number, tone: Paint): string[] {
    const [state = '', pid = '', age = '', why = '', command = ''] = values.map((value) => value.trim());
    const rest = [`pid ${pid}`, age, why, command].filter((value) => !/^(pid )?-$/.test(value));
    const [first = '', ...others] = wrap([state, ...rest].join(', '), Math.max(1, width - INDENT.length));
    const toned = first.replace(state, () => tone(STATE_TONES[row.inspection.state], state));
    return [...[toned, ...others].map((line) => INDENT + line), ...below(row)];
  }
}

/** `5 paths: 1 held, 3 stale, 1 not readable` */
export function summarise(paths: readonly Pick<TableRow, 'inspection'>[], unreadable: number): string {
  const total = paths.length + unreadable;
  const counts = (['held', 'stale', 'unknown', 'free'] as const).map(
    (state) => [paths.filter(({ inspection }) => inspection.state === state).length, state] as const,
  );
  const parts = [...counts, [unreadable, 'not readable'] as const]
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${count} ${what}`);
  return `${total} ${total === 1 ? 'path' : 'paths'}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}

function cellsOf({ inspection, users }: TableRow): string[] {
  const { state, owner, ageMs, verdict, foreignFiles } = inspection;
  const [holder] = users.holders;
  const recorded = owner === null ? '-' : String(owner.pid ?? '?');
  const unowned = state === 'free' ? '-' : 'names no owner';
  const why = foreignFiles.length > 0 ? 'foreign files' : (verdict?.reason ?? unowned);
  // The holder in a container has another number here than it recorded.
  const pid = holder === undefined ? recorded : String(holder.pid);
  const command = holder?.command ?? null;
  return [
    state,
    pid,
    // The age is one word, so that awk(1) finds each column at its place.
    ageMs === null ? '-' : shortElapsed(ageMs).replace(' ', ''),
    why,
    command === null ? '-' : printable(shortCommand(command, MAX_COMMAND)),
  ];
}

/** A path as the argument of a command: one that begins with a dash would be an option. */
function pathText(path: string): string {
  return printable(path.startsWith('-') ? `./${path}` : path);
}
