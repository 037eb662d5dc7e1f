import { statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { APART, startLocalAgent } from '../locks/agent.mjs';
import { expectValue } from '../locks/situations.mjs';

/** @typedef {import('../locks/agent.mjs').Agent} Agent */

/** ms in which a lock is taken on a machine that has nothing else to do; the table counts how often it was. */
const PROMPT = 100;
/** ms. On a busy machine it may take that long, and nothing that a lease or the end of a pause frees takes less. */
const AT_ONCE = 1_000;
/** ms. Whoever waits for longer is wedged. The lease of 30 s ends later, so it frees nothing here. */
const TIMEOUT = 20_000;
/** ms after which a process that was told to wait does so. */
const SETTLED = 150;

let containers = 0;

/**
 * An agent in a container of its own, which sees what is mounted and unmounted later. It has used another lock before, so
 * that its code is loaded.
 */
export async function startContainer() {
  const agent = await startLocalAgent({ through: [...APART, '--propagation=slave'] });
  containers += 1;
  const path = join(tmpdir(), `ki-deep-${process.ppid}-${process.pid}-${containers}.lock`);
  expectValue(await agent.ask('acquire', { path }));
  expectValue(await agent.ask('release', { path }));
  return agent;
}

/** The cycles of one situation: how long the locks took, and what a living owner suffered. */
export class Tally {
  /** @type {number[]} */
  ms = [];
  /** @type {string[]} */
  failures = [];
  thefts = 0;
  wedges = 0;
  /** Times that the lock was then on another device, where that is what the situation is about. */
  moves = 0;

  /**
   * @param {number | string | undefined} before the device of the lock
   * @param {string} path
   */
  sawDevice(before, path) {
    if (String(statSync(path).dev) !== String(before)) this.moves += 1;
  }

  /**
   * Control: another container cannot take the lock while the owner lives.
   * @param {Pick<Agent, 'ask'>} owner
   * @param {Agent} other
   * @param {string} path
   */
  async leavesAlone(owner, other, path) {
    const { value, error } = await other.ask('tryAcquire', { path });
    if (error !== undefined) this.failures.push(`tryAcquire: ${error.message}`);
    else if (value !== null) this.thefts += 1;
    if (expectValue(await owner.ask('verify', { path })) !== true) this.thefts += 1;
  }

  /**
   * The heir takes the lock, which has been free since `freeAt`.
   * @param {Agent} heir
   * @param {string} path
   * @param {number} freeAt
   */
  async takes(heir, path, freeAt) {
    await this.#count(this.#acquire(heir, path), () => freeAt);
  }

  /**
   * The heir waits for the lock, which is then freed.
   * @param {Agent} heir
   * @param {string} path
   * @param {() => Promise<unknown>} free
   */
  async waitsAndTakes(heir, path, free) {
    const taken = this.#acquire(heir, path);
    await sleep(SETTLED);
    const freeAt = performance.now();
    const freed = free();
    await this.#count(taken, () => freeAt);
    await freed;
  }

  /** @param {Agent} heir @param {string} path */
  async #acquire(heir, path) {
    const answer = await heir.ask('acquire', { path, options: { timeout: TIMEOUT } }, 2 * TIMEOUT);
    return { ...answer, at: performance.now() };
  }

  /**
   * @param {Promise<import('../locks/agent.mjs').Answer & { at: number }>} taken
   * @param {() => number} freeAt
   */
  async #count(taken, freeAt) {
    const { error, at } = await taken;
    if (error === undefined && at < freeAt()) this.thefts += 1;
    else if (error === undefined) this.ms.push(at - freeAt());
    else if (error.code === 'ERR_LOCK_TIMEOUT') this.wedges += 1;
    else this.failures.push(error.message);
  }

  /**
   * The findings of a situation that is decided at once.
   * @param {string} runtime
   * @param {string} situation
   * @returns {import('../frame/report.mjs').Findings}
   */
  findings(runtime, situation) {
    const prompt = this.ms.filter((ms) => ms < PROMPT).length;
    const late = this.ms.filter((ms) => ms > AT_ONCE).map((ms) => `took ${Math.round(ms)} ms`);
    const moved = this.moves > 0 ? `; ${this.moves} times on another device` : '';
    const result = `reclaimed; below ${PROMPT} ms ${prompt} of ${this.ms.length} times${moved}`;
    return { ...this.raw(runtime, situation, result), failures: [...this.failures, ...late] };
  }

  /**
   * @param {string} runtime
   * @param {string} situation
   * @param {string} result
   * @returns {import('../frame/report.mjs').Findings}
   */
  raw(runtime, situation, result) {
    const { ms, thefts, wedges, failures } = this;
    return { runtime, situation, cycles: ms.length + wedges, result, ms, thefts, wedges, failures };
  }
}
