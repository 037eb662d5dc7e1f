import { findUsers } from '../lock/holders.js';
import type { InspectedLock } from '../lock/inspect.js';
import { type JsonForm, type Looks, printJsonOfEach } from './each-path.js';
import { formatTable, summarise, type TableRow } from './format/format-table.js';
import { textWidth, wrap } from './format/layout.js';
import type { Paint } from './format/paint.js';
import { inspectionJson, print } from './output.js';

/** What was found at a path. */
export interface InspectedPath {
  /** As the user gave it, or below a directory that the user gave. */
  readonly path: string;
  readonly inspection: InspectedLock;
}

/** Prints a line for each path, and a summary. */
export function printTable(paths: readonly InspectedPath[], unreadable: number, paint: Paint): void {
  if (paths.length > 0) print(formatTable(rowsOf(paths), paint));
  print(wrap(summarise(paths, unreadable), textWidth()).join('\n'));
}

/** Adds who uses each lock. One search of all processes serves all of them. */
function rowsOf(paths: readonly InspectedPath[]): TableRow[] {
  const users = findUsers(paths.map(({ inspection }) => inspection));
  return paths.map((path, index) => ({ ...path, users: users[index] ?? { holders: [], waiters: [] } }));
}

export function printInspectionsJson(looks: Looks<InspectedPath>, form: JsonForm): void {
  const rows = new Map(rowsOf(looks.results).map((row, index) => [looks.results[index], row]));
  printJsonOfEach(looks, form, (result) => rowJson(rows.get(result) as TableRow));
}

/** The fields of an inspection that scripts may rely on, and who holds the lock. */
export function rowJson({ inspection, users }: TableRow) {
  return { ...inspectionJson(inspection), holders: users.holders };
}
