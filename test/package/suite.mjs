// Runs the test suite with the prebuilt addon under several Nodes:
// node test/package/suite.mjs [--node 20,22] [FOLDER...]
// Each folder of test/ is a run of its own, so that a slow machine shows its progress.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { tool } from './toolbox.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TESTS = join(ROOT, 'test');
const FOLDERS = readdirSync(TESTS, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && holdsTests(join(TESTS, entry.name)))
  .map((entry) => entry.name);

const { values, positionals } = parseArgs({
  options: { node: { type: 'string', default: '20,22,24,26' } },
  allowPositionals: true,
});
const folders = positionals.length > 0 ? positionals : FOLDERS;
const rows = [];

for (const major of values.node.split(',')) {
  const node = tool(`node-${major}`);
  if (!node.available) {
    console.log(`SKIPPED Node ${major}: ${node.reason}`);
    continue;
  }
  for (const folder of folders) rows.push(runFolder(node.path, folder));
}

console.log(`\n| Node | tests | passed | failed | skipped | seconds |\n|---|---|---|---|---|---|`);
for (const { version, folder, passed, failed, skipped, seconds } of rows) {
  console.log(`| ${version} | ${folder} | ${passed} | ${failed} | ${skipped} | ${seconds} |`);
}
if (rows.length === 0 || rows.some(({ failed }) => failed !== 0)) process.exitCode = 1;

function holdsTests(folder) {
  return readdirSync(folder).some((name) => name.endsWith('.test.ts'));
}

function runFolder(node, folder) {
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
  const home = mkdtempSync(join(tmpdir(), 'kernel-identity-suite-'));
  const log = join(home, 'results.json');
  const started = Date.now();
  const options = ['--retry=2', '--reporter=default', '--reporter=json', `--outputFile.json=${log}`];
  console.log(`== ${folder} under Node ${version}`);
  try {
    const { CI: _, ...env } = process.env;
    spawnSync(node, ['node_modules/vitest/vitest.mjs', 'run', ...options, `test/${folder}/`], {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
      // Only the prebuilt addon is used, and `node` is this Node for every process that a test starts.
      env: { ...env, PREBUILDS_ONLY: '1', PATH: `${dirname(node)}${delimiter}${env.PATH}` },
    });
    const results = JSON.parse(readFileSync(log, 'utf8'));
    return {
      version,
      folder,
      passed: results.numPassedTests,
      failed: results.success ? 0 : Math.max(1, results.numFailedTests),
      skipped: results.numPendingTests,
      seconds: Math.round((Date.now() - started) / 1000),
    };
  } catch (error) {
    return { version, folder, passed: 0, failed: `no result: ${error.message}`, skipped: 0, seconds: 0 };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
