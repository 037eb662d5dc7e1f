// A long-lived program uses locks, for half an hour or KI_SOAK_SECONDS. Its resources must not grow.
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** @typedef {{ seconds: number, rounds: number, rssKiB: number, descriptors: number, threads: number }} Sample */

const SOAKER = fileURLToPath(new URL('../soak/soaker.mjs', import.meta.url));
const SECONDS = Number(process.env.KI_SOAK_SECONDS ?? 1800);
const SAMPLES = 60;
/** KiB by which the median of the last third may exceed that of the second: V8 moves its heap's limits. */
const RSS_SLACK = 4096;

export const about = `memory, descriptors and threads over ${SECONDS} s (KI_SOAK_SECONDS)`;
export const needs = () => [];
export const minutes = SECONDS / 60 + 5;

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {import('../frame/parts.mjs').Options} options
 */
export async function run(report, { directory }) {
  await Promise.all(
    ['native', 'procfs'].map(async (backend) => {
      const place = join(directory, backend);
      mkdirSync(place);
      const { samples, failures } = await soak(backend, place);
      const left = readdirSync(place);
      if (left.length > 0) failures.push(`left behind: ${left.join(', ')}`);
      failures.push(...growth(samples));
      const rounds = samples.at(-1)?.rounds ?? 0;
      report.row({
        runtime: backend,
        situation: `soak of ${SECONDS} s`,
        cycles: rounds,
        result: describe(samples),
        failures,
      });
    }),
  );
}

/**
 * @param {string} backend
 * @param {string} place
 * @returns {Promise<{ samples: Sample[], failures: string[] }>}
 */
async function soak(backend, place) {
  const args = ['--expose-gc', SOAKER, place, String(SECONDS), String(SECONDS / SAMPLES)];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, KERNEL_IDENTITY_BACKEND: backend },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  /** @type {Sample[]} */
  const samples = [];
  const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
  for await (const line of createInterface({ input: child.stdout })) {
    console.log(`  ${backend} ${line}`);
    samples.push(JSON.parse(line));
  }
  const status = await exited;
  return { samples, failures: status === 0 ? [] : [`ended with ${status}`] };
}

/**
 * Compares the last two thirds, because the first one is for warming up.
 * @param {readonly Sample[]} samples
 */
function growth(samples) {
  if (samples.length < 6) return [`only ${samples.length} samples`];
  const third = Math.floor(samples.length / 3);
  const [middle, last] = [samples.slice(third, 2 * third), samples.slice(-third)];
  const failures = [];
  const [before, after] = [middle, last].map((part) => median(part.map(({ rssKiB }) => rssKiB)));
  if ((after ?? 0) > (before ?? 0) + RSS_SLACK) failures.push(`RSS grew from ${before} to ${after} KiB`);
  for (const what of /** @type {const} */ (['descriptors', 'threads'])) {
    const [few, many] = [middle, last].map((part) => median(part.map((sample) => sample[what])));
    if ((many ?? 0) > (few ?? 0)) failures.push(`${what} grew from ${few} to ${many}`);
  }
  return failures;
}

/** @param {readonly Sample[]} samples */
function describe(samples) {
  const [first, middle, last] = [0, 1, 2].map(
    (third) => samples[Math.floor((third * (samples.length - 1)) / 2)],
  );
  const at = (/** @type {keyof Sample} */ what) =>
    [first, middle, last].map((sample) => sample?.[what]).join(', ');
  return `at start, half and end: RSS ${at('rssKiB')} KiB, descriptors ${at('descriptors')}, threads ${at('threads')}`;
}

/** @param {readonly number[]} numbers */
function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}
