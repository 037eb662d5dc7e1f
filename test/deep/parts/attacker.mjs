// Another user of a shared directory exchanges the lock, its owner.json and its parent for links to files of
// ours, while we work.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from '../frame/needs.mjs';

export const about = 'a hostile user in a shared directory: nothing outside is touched, no link is followed';
export const needs = () => [root()];
export const slice = true;
export const minutes = 15;

const ATTACKER = fileURLToPath(new URL('../attacker/attacker.mjs', import.meta.url));
const VICTIM = fileURLToPath(new URL('../attacker/victim.mjs', import.meta.url));
const HOSTILE_USER = 65_001;
const HONEST_USER = 65_002;
const NAME = 'x.lock';

/**
 * @typedef {object} Scene
 * @property {string} situation
 * @property {number} mode of the shared directory
 * @property {boolean} [swapsParent] the attacker also owns the parent of the lock's directory
 * @property {boolean} [naive]
 */

/** @type {Scene[]} */
const SCENES = [
  { situation: 'sticky directory (1777)', mode: 0o1777 },
  { situation: 'directory of everybody (0777)', mode: 0o777 },
  { situation: 'the parent itself is exchanged', mode: 0o777, swapsParent: true },
];

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {import('../frame/parts.mjs').Options} options
 */
export async function run(report, { directory, slice }) {
  fs.chmodSync(directory, 0o755);
  const seconds = slice ? 1 : 20;
  let number = 0;
  for (const backend of ['native', 'procfs']) {
    for (const uid of [0, HONEST_USER]) {
      for (const scene of SCENES) {
        const place = join(directory, String(number++));
        const { damage, attacks, victim } = await play(scene, place, backend, uid, seconds);
        const failures = [...damage, ...victim.untyped.map((error) => `untyped error: ${error}`)];
        if (attacks === 0) failures.push('there was no attack');
        if (!victim.counts.acquired) failures.push('never acquired anything');
        report.row({
          runtime: `${backend}, ${uid === 0 ? 'root' : 'user'}`,
          situation: scene.situation,
          cycles: attacks,
          result: `nothing outside touched; ${said(victim.counts)}`,
          failures,
        });
      }
    }
  }
  const control = { situation: 'a program that trusts the path', mode: 0o777, naive: true };
  const { damage, attacks } = await play(control, join(directory, 'control'), 'native', 0, seconds);
  report.row({
    runtime: 'control',
    situation: control.situation,
    cycles: attacks,
    result: `${damage.length} files outside damaged, as must be`,
    failures: damage.length === 0 ? ['the attacks harm nobody, so they show nothing'] : [],
  });
}

/**
 * @param {Scene} scene
 * @param {string} place
 * @param {string} backend
 * @param {number} uid
 * @param {number} seconds
 */
async function play({ mode, swapsParent, naive }, place, backend, uid, seconds) {
  fs.mkdirSync(place);
  const shared = join(place, 'shared');
  fs.mkdirSync(shared);
  fs.chmodSync(shared, mode);
  const outside = makeCanaries(join(place, 'outside'), uid);
  // The attacker owns the parent, and also the directory that the lock is then in.
  const parent = swapsParent ? join(shared, 'parent') : shared;
  if (swapsParent) {
    fs.mkdirSync(parent);
    fs.chmodSync(parent, 0o777);
    fs.chownSync(parent, HOSTILE_USER, HOSTILE_USER);
  }
  const before = snapshot(outside, swapsParent === true);

  const ways = [parent, NAME, outside, ...(swapsParent ? [parent] : [])];
  const attacker = spawn(process.execPath, [ATTACKER, String(HOSTILE_USER), ...ways], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let attacks = 0;
  attacker.stdout.on('data', (chunk) => {
    attacks = Number(String(chunk).trim().split('\n').at(-1));
  });
  const gone = new Promise((resolve) => attacker.once('close', resolve));
  const args = [VICTIM, String(uid), join(parent, NAME), String(seconds), ...(naive ? ['naive'] : [])];
  const output = await outputOf(args, { ...process.env, KERNEL_IDENTITY_BACKEND: backend }, seconds + 60);
  attacker.kill('SIGKILL');
  await gone;

  const after = snapshot(outside, swapsParent === true);
  const damage = [...new Set([...before.keys(), ...after.keys()])]
    .filter((name) => before.get(name) !== after.get(name))
    .map((name) => `outside/${name}: ${before.get(name)} became ${after.get(name)}`);
  /** @type {{ counts: Record<string, number>, untyped: string[] }} */
  const victim = output === '' ? { counts: {}, untyped: ['no answer'] } : JSON.parse(output);
  return { damage, attacks, victim };
}

/**
 * Makes files that a program which follows a link would delete, overwrite or rename: they look like those of
 * a stale lock.
 * @param {string} outside
 * @param {number} uid their owner, so that the system does not protect them
 */
function makeCanaries(outside, uid) {
  const dead = JSON.stringify({ pid: 4_194_304, createdAtMs: 1_777_458_804_809 });
  const retired = `retired.${'a'.repeat(32)}`;
  for (const folder of ['', 'lock', 'empty', 'ownerless', 'precious']) fs.mkdirSync(join(outside, folder));
  for (const file of ['owner.json', 'owner.json.new', retired, 'lock/owner.json', `ownerless/${retired}`]) {
    fs.writeFileSync(join(outside, file), dead);
  }
  fs.writeFileSync(join(outside, 'precious/data'), 'data');
  for (const name of ['', ...fs.readdirSync(outside, { recursive: true, encoding: 'utf8' })]) {
    fs.chownSync(join(outside, name), uid, uid);
  }
  return outside;
}

/**
 * Takes the content and everything else that a change affects: the ctime cannot be set back.
 * @param {string} outside
 * @param {boolean} mayHoldLocks a parent that was exchanged for a link may lead here, so a lock may come and
 * go here
 */
function snapshot(outside, mayHoldLocks) {
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const name of ['', ...fs.readdirSync(outside, { recursive: true, encoding: 'utf8' })]) {
    const path = join(outside, name);
    const { ino, mode, size, mtimeNs, ctimeNs } = fs.lstatSync(path, { bigint: true });
    const content = fs.lstatSync(path).isFile() ? fs.readFileSync(path, 'latin1') : '';
    const times = mayHoldLocks && name === '' ? '' : `${mtimeNs} ${ctimeNs}`;
    found.set(
      name,
      `${ino} ${mode.toString(8)} ${times} ${mayHoldLocks && name === '' ? '' : size} ${content}`,
    );
  }
  return found;
}

/**
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @param {number} seconds after which it counts as hung
 * @returns {Promise<string>}
 */
async function outputOf(args, env, seconds) {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const limit = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
  let output = '';
  for await (const chunk of child.stdout) output += chunk;
  clearTimeout(limit);
  return output;
}

/** @param {Record<string, number>} counts */
function said(counts) {
  const entries = Object.entries(counts).sort(([, a], [, b]) => b - a);
  return entries.map(([what, count]) => `${count} ${what}`).join(', ');
}
