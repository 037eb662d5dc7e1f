#!/usr/bin/env node
// Holds plain Node on other systems against its bars: how soon the lock of a killed owner is free, that heirs hold it, and
// that nobody shares one.
// `npm run test:systems -- [--seconds N] [--kills N] [--slack N] [--only addon] [system...]`
// Systems: darwin, freebsd, openbsd and win32 are Node on Linux that is told to be there, with the open(2) of that system;
// darwin-native is the same with the addon for macOS, mapped and bound on Linux; wine20 and wine22 are Node for Windows in
// Wine (wine.sh installs it); wine20-native and wine22-native are the same with the addon; `here` is the system that this
// runs on. Default: darwin.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '60' },
    kills: { type: 'string', default: '20' },
    // How many times as long a waiter may take, on a machine that is not idle.
    slack: { type: 'string', default: '1' },
    // `addon`: nothing but the questions to the addon.
    only: { type: 'string' },
  },
});
/** ms on an idle machine of two cores. */
const BARS = { p50: 150, max: 400 };
const slack = Number(values.slack);
const CONTROL_SECONDS = 60;
const OVERLAPS_OF_CONTROL = 10;

const fixtures = fileURLToPath(new URL('../fixtures/other-systems/', import.meta.url));
const workshop = mkdtempSync(join(tmpdir(), 'kernel-identity-open-'));
const library = join(workshop, 'open-flags.so');
let failures = 0;

try {
  for (const system of positionals.length > 0 ? positionals : ['darwin']) {
    console.log(`== ${system}`);
    tryOn(system, ...startOf(system));
  }
} finally {
  rmSync(workshop, { recursive: true });
}
process.exitCode = failures === 0 ? 0 : 1;

/**
 * @param {string} system
 * @returns {[Run, string]} how to run a script there, and the backend that is asked for.
 */
function startOf(system) {
  if (system === 'here') return [here, process.env.KERNEL_IDENTITY_BACKEND ?? ''];
  const [, version, backend = ''] = /^wine(\d+)(?:-(\w+))?$/.exec(system) ?? [];
  if (version !== undefined) return [inWine(version, backend), backend];
  return system === 'darwin-native' ? [pretended('darwin', withAddon()), 'native'] : [pretended(system), ''];
}

/** @typedef {(script: string, ...args: string[]) => any} Run prints what the script prints, and returns it. */

/**
 * @param {string} system
 * @param {Run} run
 * @param {string} backend an empty text: the one that is chosen unasked.
 */
function tryOn(system, run, backend) {
  if (backend === 'native') {
    const { passed, failed } = run('addon.mjs');
    check(passed > 0 && failed.length === 0, `${system}: the addon: ${failed.join('\n')}`);
  }
  if (values.only === 'addon') return;
  const { p50, max, whileItLived } = run('kills.mjs', values.kills);
  check(
    p50 <= BARS.p50 * slack && max <= BARS.max * slack,
    `${system}: a killed owner's lock was free after ${p50} to ${max} ms`,
  );
  check(
    String(whileItLived) === 'held: witness-held, proven',
    `${system}: a living owner was ${whileItLived}`,
  );
  const isWindows = system === 'win32' || system.startsWith('wine');
  const { handedOver, run: ran, runOutlived, robbed } = run('heirs.mjs', values.kills);
  const kills = Number(values.kills);
  check(
    robbed === 0 && handedOver === kills && ran === kills,
    `${system}: ${robbed} heirs did not hold the lock`,
  );
  // Node for Windows ends a command together with its parent, and the lock is free then.
  check(isWindows || runOutlived === kills, `${system}: ${runOutlived} commands of run outlived it`);
  const { overlaps, lost, leftovers } = run('torture.mjs', values.seconds);
  check(overlaps === 0 && lost === 0, `${system}: ${overlaps} overlaps, ${lost} losses and errors`);
  // Linux gives the file number of a dead owner to the next at once, who then takes its witness. NTFS does not. Without
  // its witness a private directory stays.
  const left = leftovers.filter((/** @type {string} */ name) => !isWindows || name.endsWith('.alive'));
  check(left.length === 0, `${system}: left behind: ${left}`);
  const control = run('torture.mjs', String(CONTROL_SECONDS), 'flawed');
  check(control.overlaps >= OVERLAPS_OF_CONTROL, `${system}: the control found ${control.overlaps} overlaps`);
}

/**
 * @param {boolean} isMet
 * @param {string} words
 */
function check(isMet, words) {
  if (isMet) return;
  failures += 1;
  console.log(`FAILED ${words}`);
}

/** @type {Run} */
function here(script, ...args) {
  return read(start(process.execPath, [besides(script), ...args]));
}

/** Compiles what loads the addon for macOS here. @returns the settings of processes that load it. */
function withAddon() {
  const folder = join(fixtures, 'mach-o');
  const sources = readdirSync(folder).filter((name) => name.endsWith('.cc'));
  const addon = join(workshop, 'mach-o.node');
  const flags = ['-std=c++20', '-shared', '-fPIC', '-fvisibility=hidden', '-pthread', '-o', addon];
  start('c++', [...flags, ...sources.map((name) => join(folder, name))]);
  return { KI_TEST_MACH_O: addon, KERNEL_IDENTITY_BACKEND: 'native' };
}

/** @param {string} platform @param {Record<string, string>} more of the environment. @returns {Run} */
function pretended(platform, more = {}) {
  start('cc', ['-shared', '-fPIC', '-O1', '-o', library, join(fixtures, 'open-flags.c')]);
  const env = {
    KI_TEST_PLATFORM: platform,
    LD_PRELOAD: library,
    NODE_OPTIONS: ['as-on.mjs', 'with-addon.mjs'].map((name) => `--import=${join(fixtures, name)}`).join(' '),
    ...more,
  };
  return (script, ...args) => read(start(process.execPath, [besides(script), ...args], env));
}

/** @param {string} version @param {string} backend @returns {Run} */
function inWine(version, backend) {
  const place = process.env.KI_WINE ?? '/var/tmp/kernel-identity-wine';
  const env = {
    WINEPREFIX: join(place, 'prefix'),
    WINEARCH: 'win64',
    WINEDEBUG: '-all',
    WINEDLLOVERRIDES: 'mscoree,mshtml=',
    KERNEL_IDENTITY_BACKEND: backend,
  };
  const node = join(place, `node${version}`, 'package/bin/node.exe');
  return (script, ...args) => {
    const path = `Z:${besides(script).replaceAll('/', '\\')}`;
    return read(start('/usr/lib/wine/wine64', [node, path, ...args], env));
  };
}

/** @param {string} script */
function besides(script) {
  return fileURLToPath(new URL(script, import.meta.url));
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @param {Record<string, string>} env
 */
function start(program, args, env = {}) {
  // Node in Wine writes to no pipe.
  const file = join(workshop, 'output');
  const stdout = openSync(file, 'w');
  const { status, error } = spawnSync(program, args, {
    stdio: ['ignore', stdout, 'inherit'],
    env: { ...process.env, ...env },
  });
  closeSync(stdout);
  if (error !== undefined || status !== 0) throw error ?? new Error(`${program} ended with ${status}`);
  return readFileSync(file, 'utf8');
}

/** @param {string} output */
function read(output) {
  console.log(output.trim());
  return JSON.parse(output);
}
