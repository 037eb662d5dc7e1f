import type { LockInspection } from '../../lock/inspect.js';
import { shortElapsed } from '../../text/elapsed.js';
import { printable } from '../../text/printable.js';
import { padColumns, WIDTH } from './layout.js';
import { type Paint, plain, STATE_TONES } from './paint.js';

const HEADINGS = ['state', 'pid', 'age', 'why'];
const GAP = '  ';
/** Least width of the column for paths, however wide the other columns are. */
const MIN_PATH_WIDTH = 16;

/**
 * One line for each lock. A path that is too long loses its beginning.
 * @param pathOf gives the path to be shown for a lock's absolute path.
 */
export function formatTable(
  inspections: readonly LockInspection[],
  pathOf: (path: string) => string,
  paint: Paint = plain,
): string {
  const [headings = [], ...rows] = padColumns([HEADINGS, ...inspections.map(cellsOf)]);
  const pathWidth = Math.max(
    MIN_PATH_WIDTH,
    WIDTH - headings.reduce((sum, { length }) => sum + length + GAP.length, 0),
  );
  const lines = [paint('quiet', [...headings, 'path'].join(GAP))];
  for (const [row, { state, path }] of inspections.entries()) {
    const [first = '', ...others] = rows[row] as string[];
    lines.push(
      [paint(STATE_TONES[state], first), ...others, ending(printable(pathOf(path)), pathWidth)].join(GAP),
    );
  }
  return lines.join('\n');
}

/** `5 paths: 1 held, 3 stale, 1 not readable` */
export function summarise(inspections: readonly LockInspection[], unreadable: number): string {
  const total = inspections.length + unreadable;
  const counts = (['held', 'stale', 'unknown', 'free'] as const).map(
    (state) => [inspections.filter((inspection) => inspection.state === state).length, state] as const,
  );
  const parts = [...counts, [unreadable, 'not readable'] as const]
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${count} ${what}`);
  return `${total} ${total === 1 ? 'path' : 'paths'}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}

function cellsOf({ state, owner, ageMs, verdict, foreignFiles }: LockInspection): string[] {
  const pid = owner === null ? '-' : String(owner.pid ?? '?');
  const unowned = state === 'free' ? '-' : 'names no owner';
  const why = foreignFiles.length > 0 ? 'foreign files' : (verdict?.reason ?? unowned);
  return [state, pid, ageMs === null ? '-' : shortElapsed(ageMs), why];
}

/** The end of a path is kept, because it is the end in which paths differ. */
function ending(text: string, width: number): string {
  return text.length <= width ? text : `…${text.slice(text.length - width + 1)}`;
}
