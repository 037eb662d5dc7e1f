import { SHORT_CONTAINER_ID } from '../../identity/container-id.js';
import { type ProcessDescription, shortCommand } from '../../identity/describe-process.js';
import type { ListedLifeline } from '../../identity/list-lifelines.js';
import { printable } from '../../text/printable.js';
import { padColumns } from './layout.js';
import { type Paint, plain } from './paint.js';

const HEADINGS = ['pid', 'command', 'container', 'lifeline'];
const GAP = '  ';
/** Characters of a command line. */
const MAX_COMMAND = 24;
const NOT_VISIBLE = 'not visible from here';

/** One line for each lifeline and each of its holders. */
export function formatLifelines(lifelines: readonly ListedLifeline[], paint: Paint = plain): string {
  const [headings = [], ...rows] = padColumns([HEADINGS, ...lifelines.flatMap(cellsOf)]);
  const lines = rows.map((cells) => cells.join(GAP).trimEnd());
  return [paint('quiet', headings.join(GAP).trimEnd()), ...lines].join('\n');
}

/** `5 lifelines, 3 of them held by processes not visible from here` */
export function summariseLifelines(lifelines: readonly ListedLifeline[]): string {
  const { length } = lifelines;
  const unseen = lifelines.filter(({ holders }) => holders.length === 0).length;
  const which = unseen === 0 ? '' : `, ${unseen} of them held by processes ${NOT_VISIBLE}`;
  return `${length} ${length === 1 ? 'lifeline' : 'lifelines'}${which}`;
}

function cellsOf({ lifeline, holders }: ListedLifeline): string[][] {
  if (holders.length === 0) return [['-', NOT_VISIBLE, '-', lifeline]];
  return holders.map((holder) => [...holderCells(holder), lifeline]);
}

function holderCells({ pid, command, containerId }: ProcessDescription): string[] {
  return [
    String(pid),
    command === null ? '?' : printable(shortCommand(command, MAX_COMMAND)),
    containerId?.slice(0, SHORT_CONTAINER_ID) ?? '-',
  ];
}
