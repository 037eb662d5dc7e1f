import { terminalSize } from './terminal.js';

/** Columns of text in a pipe or a file, so that pasted reports look alike. */
export const WIDTH = 80;

/** A value gets at least so many columns, because fewer make it unreadable. */
const MIN_VALUE_WIDTH = 20;
const NARROW_INDENT = 4;

/** Columns in which text is wrapped: those of the terminal. */
export function textWidth(): number {
  const { columns } = terminalSize();
  return columns === Number.POSITIVE_INFINITY ? WIDTH : columns;
}

/** Splits text into lines of at most `width`, between words where possible. The list is never empty. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const end = space > 0 ? space : wholeCharacters(rest, width);
    lines.push(rest.slice(0, end));
    rest = rest.slice(space > 0 ? end + 1 : end);
  }
  lines.push(rest);
  return lines;
}

/** `width`, or one less where that would cut a character of two code units in half. */
function wholeCharacters(text: string, width: number): number {
  return width > 1 && (text.codePointAt(width - 1) as number) > 0xffff ? width - 1 : width;
}

/** The cells of a table, each padded to the width of its column. All rows have as many cells as the first. */
export function padColumns(rows: readonly (readonly string[])[]): string[][] {
  const widths: number[] = [];
  for (const cells of rows) {
    for (const [column, cell] of cells.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return rows.map((cells) => cells.map((cell, column) => cell.padEnd(widths[column] as number)));
}

/** Names and values in two columns, one pair per line. Long values are wrapped inside their column. */
export function alignFields(fields: readonly (readonly [name: string, value: string])[], indent = 0): string {
  const nameWidth = Math.max(...fields.map(([name]) => name.length));
  const left = indent + nameWidth + 2;
  const lines: string[] = [];
  for (const [name, value] of fields) {
    const start = ' '.repeat(indent) + name.padEnd(nameWidth + 2);
    lines.push(hang(start, value, left));
  }
  return lines.join('\n');
}

/** `start`, which is `left` columns wide, with the value wrapped in the columns to its right. */
export function hang(start: string, value: string, left: number): string {
  const width = textWidth();
  if (width - left >= MIN_VALUE_WIDTH || value.length <= width - left) {
    return start + wrap(value, width - left).join(`\n${' '.repeat(left)}`);
  }
  // In a narrow window the value gets lines of its own.
  const margin = `\n${' '.repeat(NARROW_INDENT)}`;
  const lines = wrap(value, Math.max(MIN_VALUE_WIDTH, width - NARROW_INDENT));
  return [start.trimEnd(), ...lines].join(margin);
}
