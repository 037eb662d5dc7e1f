// Runs one part, in the process and the namespaces that the runner made for it: node part.mjs NAME OPTIONS.
// Rows go to descriptor 3, one line of JSON each. The end of stdin means: stop and clean up.
import { writeSync } from 'node:fs';
import { thawGroups } from './cgroups.mjs';
import { cleanUp } from './cleanup.mjs';
import { loadPart } from './parts.mjs';
import { Report } from './report.mjs';

/**
 * @param {string} name
 * @param {import('./parts.mjs').Options} options
 * @param {Report} report
 */
async function runPart(name, options, report) {
  const part = await loadPart(name);
  const missing = part.needs().find((reason) => reason !== null);
  if (missing !== undefined) {
    // CI has installed everything that the parts which it runs need.
    if (process.env.CI === 'true') throw new Error(`must not be skipped in CI: ${missing}`);
    report.skip(name, 'all', missing);
    return;
  }
  await part.run(report, options);
  if (report.rows === 0) throw new Error('the part has shown nothing');
}

const [name = '', json = '{}'] = process.argv.slice(2);
/** @type {import('./parts.mjs').Options} */
const options = JSON.parse(json);
const report = new Report((row) => writeSync(3, `${JSON.stringify(row)}\n`));

/** Ends everything that the part started, as far as possible, and then this process. */
async function end(/** @type {number} */ code) {
  await cleanUp();
  thawGroups((group) => group === options.cgroup);
  process.exit(code);
}

process.stdin.once('end', () => end(1));
process.stdin.resume();
try {
  await runPart(name, options, report);
} catch (error) {
  console.error(error);
  const failures = [error instanceof Error ? error.message : String(error)];
  report.row({ runtime: name, situation: 'the part itself', result: 'broke off', failures });
}
await end(0);
