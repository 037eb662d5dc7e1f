// Keeps what a run has shown: one Markdown page per part, in a folder named after the day, DIRECTORY/2026-11-23/docker.md.
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, release } from 'node:os';
import { join } from 'node:path';
import { formatMarkdown } from './table.mjs';

/** @typedef {import('./report.mjs').Row} Row */

/**
 * One part's run.
 * @typedef {object} PartRun
 * @property {string} name
 * @property {string} about one line
 * @property {readonly Row[]} rows
 * @property {Date} startedAt
 * @property {number} seconds how long it took
 * @property {number} cycles how often each situation was to be repeated
 * @property {boolean} slice only what is quick was run
 */

/**
 * Writes the page of a part that has just run, and replaces that of an earlier run on the same day. A part that this
 * machine had to skip leaves no page, so that it cannot replace one with figures.
 * @param {string} directory
 * @param {PartRun} run
 * @returns {string | null} path of the page; null when everything was skipped
 */
export function writeResults(directory, run) {
  if (run.rows.every(({ status }) => status === 'skipped')) return null;
  const folder = join(directory, dayOf(run));
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${run.name}.md`);
  writeFileSync(path, formatPage(run));
  return path;
}

/** @param {PartRun} run */
function formatPage(run) {
  const { name, about, rows, seconds, cycles, slice } = run;
  const count = (/** @type {Row['status']} */ status) => rows.filter((row) => row.status === status).length;
  const where = `Linux ${release()}, ${availableParallelism()} cores, Node ${process.versions.node}`;
  const how = `${cycles} ${cycles === 1 ? 'cycle' : 'cycles'}${slice ? ' of the slice' : ''}, ${seconds} s`;
  const load = `load ${loadavg()
    .map((figure) => figure.toFixed(1))
    .join(', ')} at its end`;
  const paragraphs = [
    `# ${name}`,
    `This part: ${about}.`,
    `${dayOf(run)}: ${how}, on ${where}, ${load}.`,
    formatMarkdown(rows),
    `${count('ok')} passed, ${count('failed')} failed, ${count('skipped')} skipped.`,
  ];
  return `${paragraphs.join('\n\n')}\n`;
}

/** @param {PartRun} run */
function dayOf({ startedAt }) {
  return startedAt.toISOString().slice(0, 10);
}
