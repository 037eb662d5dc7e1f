import { execFile, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { program, root } from '../frame/needs.mjs';
import { APART } from '../locks/agent.mjs';

/** @typedef {import('../frame/report.mjs').Report} Report */

export const about =
  'inspections beside a lock that changes hands all the time, and the first acquire in a directory of 300 000 names';
export const needs = () => [root(), program('unshare', 'busy-lock')];

/** ms for all looks of one observer */
const LOOKING_MS = 60_000;
const OWNERS = 3;
const NAMES = 300_000;
/** ms for which an acquire may keep the event loop busy */
const BLOCKED_MS = 50;

/** @param {string} name */
const script = (name) => fileURLToPath(new URL(`../busy/${name}.mjs`, import.meta.url));
const execute = promisify(execFile);

/** @param {Report} report @param {import('../frame/parts.mjs').Options} options */
export async function run(report, { directory, cycles }) {
  await firstAcquire(report, directory, cycles);
  for (const [backend, through] of /** @type {const} */ ([
    ['native', []],
    ['native', APART],
    ['procfs', []],
  ])) {
    await looks(report, join(directory, `${backend}-${through.length}.lock`), backend, through);
  }
}

/**
 * @param {Report} report
 * @param {string} path
 * @param {string} backend of the observer
 * @param {readonly string[]} through the observer's container, if any
 */
async function looks(report, path, backend, through) {
  const owners = Array.from({ length: OWNERS }, () =>
    spawn(process.execPath, [script('owner'), path], { stdio: ['ignore', 'inherit', 'inherit'] }),
  );
  try {
    const [command = '', ...args] = [
      ...through,
      process.execPath,
      script('looker'),
      path,
      String(LOOKING_MS),
    ];
    const env = { ...process.env, KERNEL_IDENTITY_BACKEND: backend };
    const { stdout } = await execute(command, args, { env });
    const { looks: count, free, dead, seen } = JSON.parse(stdout);
    const common = Object.entries(seen).sort(([, a], [, b]) => Number(b) - Number(a));
    report.row({
      runtime: `${backend} observer${through.length > 0 ? ' in another container' : ''}`,
      situation: `${count} looks, ${count - free} of them at a lock, which ${OWNERS} living processes take in turns`,
      result: `called dead ${dead} times; ${common.map(([what, times]) => `${what} ${times}`).join(', ')}`,
      failures: dead > 0 ? [`${dead} of ${count} looks call a living owner dead`] : [],
    });
  } finally {
    for (const owner of owners) owner.kill('SIGKILL');
  }
}

/**
 * @param {Report} report
 * @param {string} directory
 * @param {number} cycles
 */
async function firstAcquire(report, directory, cycles) {
  const crowded = join(directory, 'crowded');
  mkdirSync(crowded);
  for (let name = 0; name < NAMES; name += 1) closeSync(openSync(join(crowded, `file-${name}`), 'w'));
  const failures = [];
  const ms = [];
  let most = 0;
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const args = [script('first-acquire'), join(crowded, 'x.lock'), join(directory, 'other.lock')];
    const { stdout } = await execute(process.execPath, args);
    const { first, busiest } = JSON.parse(stdout);
    ms.push(first);
    most = Math.max(most, busiest);
    if (busiest > BLOCKED_MS) failures.push(`blocked for ${busiest} ms`);
  }
  report.row({
    runtime: 'ext4',
    situation: `first acquire in a directory of ${NAMES} names, and 100 more`,
    cycles,
    result: `none keeps the event loop busy for more than ${most.toFixed(1)} ms`,
    ms,
    failures,
  });
}
