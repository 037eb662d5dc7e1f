// Draws the charts of a result, and writes its figures into the pages that show them: `npm run bench:docs`.
// Argument: the JSON file; the default is results/latest.json.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { scalingChart } from './chart/scaling.mjs';
import { speedChart } from './chart/speed.mjs';
import { THEMES } from './chart/svg.mjs';
import { barsMarkdown, loadLine, machineLine, tableMarkdown, tablesOf } from './harness/report.mjs';

const TOP = new URL('../', import.meta.url);
const CHARTS = { speed: speedChart, scaling: scalingChart };

/** Returns what each file that shows the result must contain, by its path from the top of the project. */
export function rendered(result, pageOf = readPage) {
  const files = {};
  for (const [name, chart] of Object.entries(CHARTS)) {
    for (const [theme, colours] of Object.entries(THEMES)) {
      files[`docs/images/${name}-${theme}.svg`] = chart(result, colours);
    }
  }
  const page = 'docs/performance.md';
  files[page] = Object.entries(sections(result)).reduce(
    (text, [name, section]) => replaceSection(text, name, section),
    pageOf(page),
  );
  return files;
}

function readPage(name) {
  return readFileSync(new URL(name, TOP), 'utf8');
}

function sections({ machine, rows, bars }) {
  return {
    machine: `${machine.date.slice(0, 10)}, version ${machine.version}: ${machineLine(machine)}, ${loadLine(machine)},\nniceness ${machine.priority}.`,
    bars: barsMarkdown(bars),
    rows: tablesOf(rows).map(tableMarkdown).join('\n\n'),
  };
}

/** Replaces the text between `<!-- bench: NAME -->` and `<!-- end -->`. */
function replaceSection(page, name, section) {
  const start = `<!-- bench: ${name} -->\n`;
  const from = page.indexOf(start);
  const to = page.indexOf('<!-- end -->', from);
  if (from < 0 || to < 0) throw new Error(`the page has no section ${name}`);
  return `${page.slice(0, from + start.length)}\n${section}\n\n${page.slice(to)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = process.argv[2] ?? fileURLToPath(new URL('results/latest.json', import.meta.url));
  mkdirSync(new URL('docs/images/', TOP), { recursive: true });
  for (const [name, text] of Object.entries(rendered(JSON.parse(readFileSync(file, 'utf8'))))) {
    writeFileSync(new URL(name, TOP), text);
  }
}
