// Owners that stand still for long, clocks that are wrong, and single tries at the locks of the dead. All of it at once,
// because nearly all of the time is spent waiting.
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { talkTo } from './talk.mjs';

const HOLDER = fileURLToPath(new URL('../../proper-lockfile/fixtures/holder.cjs', import.meta.url));
const LOCKER = fileURLToPath(new URL('locker.cjs', import.meta.url));
const CLOCK = fileURLToPath(new URL('clock.cjs', import.meta.url));
const STALE = 2_000;
/** Milliseconds between two tries. */
const PAUSE = 100;
const HOUR = 3_600_000;
const BACKENDS = ['native', 'procfs', 'portable'];

/** @typedef {{ ours: string, theirs: string, directory: string }} Setting */
/** @typedef {{ shift?: number, backend?: string }} Where */
/** @typedef {(owner: ReturnType<typeof talkTo>, path: string) => Promise<unknown>} Scene */

/**
 * @param {import('../frame/report.mjs').Report} report
 * @param {Setting} setting
 */
export async function runPauses(report, setting) {
  /** @type {Promise<void>[]} */
  const scenes = [];
  /**
   * @param {string} situation
   * @param {Scene} play
   * @param {Where & { contender?: number }} [where]
   */
  const scene = (situation, play, where = {}) => {
    scenes.push(keeps(report, setting, situation, play, where));
  };
  scene('event loop blocked for 30 s', (owner) => owner.ask('{"block":30000}'));
  scene('stopped for 15 s', async (owner) => {
    owner.child.kill('SIGSTOP');
    await sleep(15_000);
    owner.child.kill('SIGCONT');
  });
  for (const [what, shift] of /** @type {const} */ ([
    ['an hour ahead', HOUR],
    ['an hour behind', -HOUR],
  ])) {
    scene(`the clock of its contender is ${what}`, () => sleep(8_000), { contender: shift });
    scene(`its own clock is ${what}`, () => sleep(8_000), { shift });
    scene(`the clock of the machine is set: its time is ${what}`, async (_, path) => {
      const time = new Date(Date.now() + shift);
      utimesSync(path, time, time);
      await sleep(8_000);
    });
  }
  for (const owner of BACKENDS)
    for (const contender of BACKENDS) scenes.push(inherits(report, setting, owner, contender));
  await Promise.all(scenes);
}

/**
 * A program of this package, in its own surroundings.
 * @param {Setting} setting
 * @param {string} program
 * @param {string} file
 * @param {Where} where
 */
function start({ ours }, program, file, { shift = 0, backend = 'native' }) {
  const env = { ...process.env, KI_CLOCK_SHIFT: String(shift), KERNEL_IDENTITY_BACKEND: backend };
  const options = JSON.stringify({ stale: STALE });
  return talkTo([process.execPath, '--require', CLOCK, program, ours, file, options], { env });
}

/**
 * An owner that must keep its lock, while another tries to take it all the time.
 * @param {import('../frame/report.mjs').Report} report
 * @param {Setting} setting
 * @param {string} situation
 * @param {Scene} play
 * @param {Where & { contender?: number }} where
 */
async function keeps(report, setting, situation, play, { contender = 0, ...where }) {
  const file = join(setting.directory, situation.replaceAll(' ', '-'));
  writeFileSync(file, '');
  const owner = start(setting, HOLDER, file, where);
  const began = await owner.line();
  const other = start(setting, LOCKER, file, { shift: contender });
  await other.line();
  let isOver = false;
  let tries = 0;
  let thefts = 0;
  const contend = async () => {
    while (!isOver) {
      tries += 1;
      if ((await other.ask('lock')) !== 'ELOCKED') thefts += 1;
      await sleep(PAUSE);
    }
  };
  const contending = contend();
  await play(owner, `${file}.lock`);
  isOver = true;
  await contending;
  const ended = await owner.ask('{"release":true}');
  const isWell = began === '"held"' && ended === '"released"';
  report.row({
    runtime: 'a living owner',
    situation,
    cycles: tries,
    result: 'not taken, not reported as lost',
    thefts,
    failures: isWell ? [] : [`the owner says ${began}, then ${ended}`],
  });
  for (const { child } of [owner, other]) child.kill('SIGKILL');
}

/**
 * A dead owner's lock, tried again and again without any retries.
 * @param {import('../frame/report.mjs').Report} report
 * @param {Setting} setting
 * @param {string} backend of the owner
 * @param {string} contender the backend of the other
 */
async function inherits(report, setting, backend, contender) {
  const file = join(setting.directory, `${backend}-${contender}`);
  writeFileSync(file, '');
  const owner = start(setting, HOLDER, file, { backend });
  const other = start(setting, LOCKER, file, { backend: contender });
  await Promise.all([owner.line(), other.line()]);
  owner.child.kill('SIGKILL');
  const started = performance.now();
  let took = 0;
  do {
    await sleep(PAUSE);
    took = performance.now() - started;
  } while ((await other.ask('lock')) !== 'got' && took < 10 * STALE);
  other.child.kill('SIGKILL');
  report.row({
    runtime: 'retries: 0',
    situation: `owner killed on ${backend}, contender on ${contender}`,
    result: 'got within stale + 1 s',
    ms: [took],
    wedges: took > STALE + 1_000 ? 1 : 0,
  });
}
