// The situations of owners in rows. Each is repeated, and becomes one row of the table.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { INSIDE } from '../containers/root.mjs';

/** @typedef {import('./container.mjs').Runtime} Runtime */
/** @typedef {import('./lease.mjs').Outcome} Outcome */

/**
 * @typedef {object} Setting
 * @property {import('../frame/report.mjs').Report} report
 * @property {Runtime} runtime
 * @property {number} cycles
 * @property {string} directory for databases
 */

/** ms for which a row of #155644 is valid. */
const TTL = 300_000;
/** ms; a row that is taken later than this was not taken at once. */
const AT_ONCE_MS = 1_000;

const LEASE = ['/usr/bin/node', `${INSIDE}/test/deep/rows/lease.mjs`];
const SIBLING = ['/usr/bin/node', `${INSIDE}/test/deep/rows/sibling.mjs`];
let databases = 0;

/** @param {Setting} setting */
function newVolume({ directory }) {
  databases += 1;
  const volume = join(directory, `database-${databases}`);
  mkdirSync(volume);
  return volume;
}

/**
 * Starts a program that wants the lease, in a container of its own, and waits for its outcome.
 * @param {Setting} setting
 * @param {string} volume
 * @param {{ cured: boolean, wait?: boolean }} how
 */
async function contend({ runtime }, volume, how) {
  const task = JSON.stringify({ path: '/db/state.db', ...how });
  const container = runtime.start([...LEASE, task], volume);
  return { container, outcome: /** @type {Outcome} */ (await container.answer()) };
}

/**
 * The bug of #155644: the killed owner of a recreated container is one of another host name, so its row stays.
 * @param {Setting} setting
 */
export async function refusedByHostname(setting) {
  const ms = [];
  const failures = [];
  for (let cycle = 0; cycle < setting.cycles; cycle += 1) {
    const volume = newVolume(setting);
    const first = await contend(setting, volume, { cured: false });
    await first.container.kill();
    const next = await contend(setting, volume, { cured: false });
    await next.container.kill();
    const { taken, reason, leftMs, pid, host } = next.outcome;
    ms.push(leftMs);
    if (host === first.outcome.host) failures.push('the host name recurred');
    if (pid !== first.outcome.pid) failures.push('the PID differs');
    if (taken || reason !== 'unknown: another host') failures.push(`not refused: ${reason}`);
    if (leftMs < TTL - 60_000) failures.push(`only ${leftMs} ms to wait`);
  }
  const { report, runtime, cycles } = setting;
  const result = 'refused: another host; ms left to wait';
  report.row({ runtime: runtime.name, situation: '#155644 as it was', cycles, result, ms, failures });
}

/**
 * The same to its end: the successor waits until the row has expired.
 * @param {Setting} setting
 */
export async function waitedToItsEnd(setting) {
  const volume = newVolume(setting);
  const first = await contend(setting, volume, { cured: false });
  await first.container.kill();
  const task = JSON.stringify({ path: '/db/state.db', cured: false, wait: true });
  const waiter = setting.runtime.start([...LEASE, task], volume);
  /** @type {Outcome} */
  const { ms, reason } = await waiter.answer(TTL + 60_000);
  await waiter.kill();
  setting.report.row({
    runtime: setting.runtime.name,
    situation: '#155644 as it was, waited to its end',
    result: `taken: ${reason}`,
    ms: [ms],
    failures: ms > TTL - 60_000 ? [] : [`taken after ${ms} ms`],
  });
}

/**
 * The cure: while the owner lives its row stays, and once its container was killed the next one takes it.
 * @param {Setting} setting
 */
export async function decidedByIdentity(setting) {
  const volume = newVolume(setting);
  const ms = [];
  const failures = [];
  let thefts = 0;
  let owner = await contend(setting, volume, { cured: true });
  for (let cycle = 0; cycle < setting.cycles; cycle += 1) {
    const early = await contend(setting, volume, { cured: true });
    await early.container.kill();
    if (early.outcome.taken) thefts += 1;
    if (early.outcome.reason !== 'alive: lifeline-held') failures.push(`early: ${early.outcome.reason}`);
    await owner.container.kill();
    const heir = await contend(setting, volume, { cured: true });
    ms.push(heir.outcome.ms);
    if (heir.outcome.host === owner.outcome.host) failures.push('the host name recurred');
    if (heir.outcome.pid !== owner.outcome.pid) failures.push('the PID differs');
    if (!heir.outcome.taken || heir.outcome.ms > AT_ONCE_MS) failures.push(`heir: ${heir.outcome.reason}`);
    owner = heir;
  }
  await owner.container.kill();
  const { report, runtime, cycles } = setting;
  const result = 'not taken from the living, taken from the killed at once';
  report.row({ runtime: runtime.name, situation: '#155644 cured', cycles, result, ms, thefts, failures });
}

/**
 * Two containers share nothing at all. One of them judges the other by the identity that it is told.
 * @param {Setting} setting
 */
export async function nothingShared(setting) {
  const { report, runtime, cycles } = setting;
  const judge = runtime.start([...SIBLING, 'judge']);
  await judge.answer();
  const failures = [];
  let right = 0;
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const owner = runtime.start(SIBLING);
    const identity = await owner.answer();
    const said = [await judge.ask([identity, {}]), await judge.ask([identity, { trustBootId: true }])];
    await owner.kill();
    said.push(await judge.ask([identity, {}]), await judge.ask([identity, { trustBootId: true }]));
    const words = said.map(({ state, certainty, reason }) => `${state} ${certainty} ${reason}`).join('; ');
    if (words === EXPECTED) right += 1;
    else failures.push(words);
  }
  await judge.kill();
  const situation = 'nothing shared: alive; killed: unknown, and dead with trustBootId';
  report.row({ runtime: runtime.name, situation, cycles, result: `right ${right} of ${cycles}`, failures });
}

const EXPECTED = [
  ...['alive proven lifeline-held', 'alive proven lifeline-held'],
  ...['unknown proven place-unknown', 'dead assumed lifeline-free'],
].join('; ');
