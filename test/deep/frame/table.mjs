/** @typedef {import('./report.mjs').Row} Row */

const HEADINGS = ['runtime', 'situation', 'cycles', 'result', 'ms p50', 'ms max', 'thefts', 'wedges'];
/** The columns of numbers. */
const RIGHT = new Set([2, 4, 5, 6, 7]);

/**
 * Formats a Markdown table, aligned for the terminal.
 * @param {readonly Row[]} rows
 */
export function formatTable(rows) {
  const lines = [HEADINGS, ...rows.map(cellsOf)];
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((cells) => (cells[column] ?? '').length)));
  const [head, ...body] = lines.map((cells) => {
    const padded = cells.map((cell, column) => {
      const width = widths[column] ?? 0;
      return RIGHT.has(column) ? cell.padStart(width) : cell.padEnd(width);
    });
    return `| ${padded.join(' | ')} |`;
  });
  const rule = widths.map((width, column) =>
    RIGHT.has(column) ? `${'-'.repeat(width + 1)}:` : '-'.repeat(width + 2),
  );
  return [head, `|${rule.join('|')}|`, ...body].join('\n');
}

/**
 * Formats the same table without padding, for a file: a changed cell then changes one line.
 * @param {readonly Row[]} rows
 */
export function formatMarkdown(rows) {
  const lines = [HEADINGS, ...rows.map(cellsOf)].map((cells) => `| ${cells.join(' | ')} |`);
  const rule = HEADINGS.map((_, column) => (RIGHT.has(column) ? '--:' : '---'));
  return [lines[0], `|${rule.join('|')}|`, ...lines.slice(1)].join('\n');
}

/** @param {Row} row */
function cellsOf(row) {
  const result = row.status === 'failed' ? `FAILED: ${row.result}` : row.result;
  const counts = row.status === 'skipped' ? ['', ''] : [String(row.thefts), String(row.wedges)];
  const cycles = row.status === 'skipped' ? '' : String(row.cycles);
  const cells = [row.runtime, row.situation, cycles, result, inMs(row.p50), inMs(row.max), ...counts];
  return cells.map((cell) => cell.replaceAll('\n', ' ').replaceAll('|', '\\|'));
}

/** @param {number | null} ms */
function inMs(ms) {
  if (ms === null) return '';
  return ms.toFixed(ms < 10 ? 2 : ms < 100 ? 1 : 0);
}
