// The attempts that are made with a lock on every filesystem. The oracle is this process alone: it knows
// which agent is inside and which ones it has killed, and uses no file lock.
import { setTimeout as sleep } from 'node:timers/promises';

/** @typedef {import('./agent.mjs').Agent} Agent */
/** @typedef {import('./agent.mjs').Answer} Answer */

/** ms beyond a lease within which a waiter must have noticed. */
const SLACK = 5_000;

/**
 * @param {Answer} answer
 * @returns {any}
 */
export function expectValue({ value, error }) {
  if (error !== undefined) throw new Error(error.message);
  return value;
}

/**
 * Returns the means by which the lock is kept: a witness, a lease, or nothing.
 * @param {any} owner the record
 */
export function meansOf({ witness, lease }) {
  if (witness === null) return lease === null ? 'nothing' : 'lease';
  return lease === null ? 'witness' : 'witness and lease';
}

/**
 * The owner lives: others get null at once, and wait in vain for three leases.
 * @param {Agent} owner who holds the lock
 * @param {Agent} other
 * @param {string} path
 * @param {number} lease ms
 * @returns {Promise<{ thefts: number, failures: string[] }>}
 */
export async function leaveAlone(owner, other, path, lease) {
  const failures = [];
  let thefts = 0;
  const tried = await other.ask('tryAcquire', { path, options: { lease } });
  if (tried.error !== undefined) failures.push(`tryAcquire: ${tried.error.message}`);
  else if (tried.value !== null) thefts += 1;
  const waited = await other.ask('acquire', { path, options: { lease, timeout: 3 * lease } });
  if (waited.error === undefined) thefts += 1;
  else if (waited.error.code !== 'ERR_LOCK_TIMEOUT') failures.push(`acquire: ${waited.error.message}`);
  if (expectValue(await owner.ask('verify', { path })) !== true)
    failures.push('the owner no longer holds it');
  return { thefts, failures };
}

/**
 * The owner is killed before or while `heir` waits. Then the heir takes the lock and releases it.
 * @param {Agent} owner who holds the lock
 * @param {Agent} heir
 * @param {string} path
 * @param {number} lease ms
 * @returns {Promise<number>} ms from the death to the heir's lock
 */
export async function inherit(owner, heir, path, lease) {
  const waiting = heir.ask(
    'acquire',
    { path, options: { lease, timeout: lease + SLACK } },
    lease + 2 * SLACK,
  );
  await sleep(100);
  const killed = performance.now();
  await owner.kill();
  expectValue(await waiting);
  const ms = performance.now() - killed;
  expectValue(await heir.ask('release', { path }));
  return ms;
}

/**
 * Agents take the lock in turns for a while. Now and then one of them is killed at any step, and replaced.
 * @param {object} setting
 * @param {readonly (() => Promise<Agent>)[]} setting.starts one for each contender
 * @param {string} setting.path
 * @param {number} setting.lease ms
 * @param {number} setting.durationMs
 * @param {number} [setting.kills]
 * @returns {Promise<{ entries: number, killed: number, thefts: number, wedges: number, failures: string[] }>}
 */
export async function contend({ starts, path, lease, durationMs, kills = 0 }) {
  const result = { entries: 0, killed: 0, thefts: 0, wedges: 0, failures: /** @type {string[]} */ ([]) };
  const until = performance.now() + durationMs;
  /** @type {Set<Agent>} */
  const inside = new Set();
  const options = { lease, timeout: 3 * lease + 2 * SLACK };

  /** @param {() => Promise<Agent>} start @param {number} mortality */
  const takeTurns = async (start, mortality) => {
    let agent = await start();
    let nextDeath = performance.now() + durationMs / (mortality + 1);
    while (performance.now() < until) {
      const acquiring = agent.ask('acquire', { path, options }, 4 * options.timeout);
      if (mortality > 0 && performance.now() > nextDeath && Math.random() < 0.5) {
        // It dies anywhere between its first step and its release. From then on it holds nothing.
        nextDeath += durationMs / (mortality + 1);
        await sleep(Math.random() * 10);
        await agent.kill();
        await acquiring;
        result.killed += 1;
        agent = await start();
        continue;
      }
      const { error } = await acquiring;
      if (error?.code === 'ERR_LOCK_TIMEOUT') result.wedges += 1;
      if (error !== undefined) {
        result.failures.push(error.message);
        break;
      }
      result.entries += 1;
      if (inside.size > 0) result.thefts += 1;
      inside.add(agent);
      await sleep(Math.random() * 3);
      inside.delete(agent);
      const { error: lost } = await agent.ask('release', { path });
      if (lost !== undefined) result.failures.push(`release: ${lost.message}`);
    }
    await agent.kill();
  };

  await Promise.all(starts.map((start, index) => takeTurns(start, index === 0 ? kills : 0)));
  return result;
}
