import { spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './list.mjs';

/** node_modules is linked, not copied. */
const LEFT_OUT = new Set(['.git', 'node_modules']);

/** A copy of the project, in which mistakes are made. */
export class Copy {
  #root = mkdtempSync(join(tmpdir(), 'ki-mutants-'));
  #isConfigured = false;

  constructor() {
    // Some tests run as an ordinary user, who must be able to enter.
    chmodSync(this.#root, 0o755);
    for (const name of readdirSync(ROOT).filter((entry) => !LEFT_OUT.has(entry))) {
      cpSync(join(ROOT, name), join(this.#root, name), { recursive: true, preserveTimestamps: true });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(this.#root, 'node_modules'));
  }

  remove() {
    rmSync(this.#root, { recursive: true, force: true });
  }

  /**
   * @param {import('./list.mjs').Job} job
   * @param {() => Promise<string | null>} work
   * @returns {Promise<string | null>} the answer of `work`
   */
  async withMutant({ file, source, from, to }, work) {
    const path = join(this.#root, file);
    try {
      writeFileSync(
        path,
        source.replace(from, () => to),
      );
      return (await this.#build(file)) ? await work() : 'the compiler';
    } finally {
      writeFileSync(path, source);
      await this.#build(file);
    }
  }

  /**
   * Builds the project, because processes that tests start run the build. Types are not checked, since most
   * mutants would fail there.
   * @param {string} file that was changed
   */
  async #build(file) {
    if (!file.startsWith('native/')) {
      await this.#run(process.execPath, ['scripts/build-dist.mjs', '--noCheck'], Number.POSITIVE_INFINITY);
      return true;
    }
    // The Makefile refers to the headers of Node by the number of folders above the one in which it was made.
    if (!this.#isConfigured) {
      await this.#run(process.execPath, ['scripts/build-addon.mjs', '--force'], Number.POSITIVE_INFINITY);
    }
    this.#isConfigured = true;
    // build-addon.mjs would give the addon another hash and so compile all of it again.
    const { code, output } = await this.#run(
      'make',
      ['-C', 'build', 'BUILDTYPE=Release'],
      Number.POSITIVE_INFINITY,
    );
    if (code !== 0) console.error(output);
    return code === 0;
  }

  /**
   * @param {string} tests a file or folder of tests
   * @param {number} limitMs after which they count as hanging
   * @returns {Promise<string | null>} the test that failed first; null when none did
   */
  async runTests(tests, limitMs) {
    const report = join(this.#root, 'report.json');
    rmSync(report, { force: true });
    // A test may fail once on a busy machine.
    const options = ['--bail=1', '--retry=1', '--reporter=json', `--outputFile=${report}`];
    const args = ['node_modules/vitest/vitest.mjs', 'run', tests, ...options];
    const { code, output } = await this.#run(process.execPath, args, limitMs);
    if (code === 0) return null;
    return (
      failureIn(report) ??
      (code === null ? 'the time limit' : `exit code ${code}: ${output.trim().split('\n').at(-1)}`)
    );
  }

  /**
   * @param {string} command
   * @param {readonly string[]} args
   * @param {number} limitMs
   * @returns {Promise<{ code: number | null, output: string }>}
   */
  #run(command, args, limitMs) {
    return new Promise((resolve, reject) => {
      // The command gets its own process group, so that killing it also ends what a hanging test has started.
      const child = spawn(command, args, {
        cwd: this.#root,
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      });
      const kill = () => process.kill(-(child.pid ?? 0), 'SIGKILL');
      const limit = Number.isFinite(limitMs) ? setTimeout(kill, limitMs) : undefined;
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk) => {
          output = (output + chunk).slice(-10_000);
        });
      }
      child.once('error', reject);
      child.once('close', (code) => {
        clearTimeout(limit);
        resolve({ code, output });
      });
    });
  }
}

/**
 * @param {string} report
 * @returns {string | null} the test that failed; null when the run hung or ended before it could report
 */
function failureIn(report) {
  try {
    const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
    for (const { assertionResults } of testResults) {
      const failed = assertionResults.find(
        (/** @type {{ status: string }} */ { status }) => status === 'failed',
      );
      if (failed !== undefined) return failed.fullName;
    }
  } catch {}
  return null;
}
