import { replaceUnprintable } from './printable.js';

/** Characters of a stranger's text that a message shows. */
const MOST = 200;

/** Makes a stranger's text a part of a message: one line, which ends somewhere and has no control characters. */
export function oneLine(text: string): string {
  const start = text.trimStart().slice(0, MOST);
  // A half of a surrogate pair at the end counts as unprintable too.
  const line = replaceUnprintable(start, () => ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return start.length < text.trim().length ? `${line}...` : line;
}
