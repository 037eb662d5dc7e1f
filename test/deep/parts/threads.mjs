// The threads of the addon without Node, under stress and under ThreadSanitizer, AddressSanitizer and UBSan.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { program } from '../frame/needs.mjs';
import { buildProgram } from '../native/build.mjs';

export const about = 'the native threads under ThreadSanitizer, AddressSanitizer and UBSan';
export const needs = () => [program('g++', 'threads')];
export const slice = true;

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {import('../frame/parts.mjs').Options} options
 */
export function run(report, { directory, slice }) {
  const seconds = slice ? 5 : 60;
  for (const sanitizers of ['thread', 'address,undefined']) {
    const stress = buildProgram('g++', 'threads', sanitizers, directory);
    const place = join(directory, `locks-${sanitizers}`);
    mkdirSync(place);
    const { status, signal, stdout, stderr } = spawnSync(stress, [String(seconds), place], {
      encoding: 'utf8',
    });
    console.log(stdout.trim().replaceAll(/^/gm, '  '));
    const failures = status === 0 ? [] : [`${signal ?? `exit code ${status}`}: ${stderr.slice(0, 4000)}`];
    const counts = stdout.trim().split('\n').join(', ');
    report.row({ runtime: sanitizers, situation: `native threads, ${seconds} s`, result: counts, failures });
  }
}
