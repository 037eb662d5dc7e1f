import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Journal } from './journal.mjs';

/** @typedef {import('./contender.mjs').Task} Task */
/** @typedef {import('./journal.mjs').Entry} Entry */
/** @typedef {import('../frame/report.mjs').Report} Report */

/**
 * @typedef {object} Container
 * @property {Promise<string>} ended with what it printed
 * @property {() => Promise<void>} kill SIGKILL to all of it; over when it is gone
 * @property {() => Promise<void>} pause
 * @property {() => Promise<void>} resume
 */

/**
 * @typedef {object} Runtime
 * @property {string} name
 * @property {(task: Task, volume: string) => Promise<Container>} start a contender in a new container, the volume at /vol
 */

/**
 * @typedef {object} Setting
 * @property {Report} report
 * @property {Runtime} runtime
 * @property {number} cycles
 * @property {string} directory for volumes
 * @property {number} [lease] ms; the owner is known by its lease alone
 * @property {string} [as] what is special about these containers
 */

/** ms; a reclaim that takes longer than this was not immediate. */
const AT_ONCE_MS = 1_000;
/** ms, in addition to a lease. A waiter that does not have the lock by then never will. */
export const WEDGED_MS = 10_000;
/** ms for a container to start, or for one that need not wait to report its result. */
export const START_MS = 30_000;
/** ms that others wait, to be sure that they do not take a held lock. */
export const PATIENCE_MS = 400;
let volumes = 0;

/** The course of one row. */
export class Scene {
  /** @type {number[]} */
  ms = [];
  wedges = 0;
  /** @type {string[]} */
  failures = [];
  volume;
  journal;
  #setting;
  #situation;
  /** @type {Map<string, number>} */
  #reasons = new Map();

  /**
   * @param {Setting} setting
   * @param {string} situation
   */
  constructor(setting, situation) {
    this.#setting = setting;
    this.#situation = setting.as === undefined ? situation : `${setting.as}: ${situation}`;
    volumes += 1;
    this.volume = join(setting.directory, `volume-${volumes}`);
    mkdirSync(this.volume);
    chmodSync(this.volume, 0o777);
    this.journal = new Journal(this.volume);
  }

  /**
   * Starts a contender, and waits until it lives.
   * @param {Task} task
   */
  async start(task) {
    const { runtime, lease } = this.#setting;
    const acquire = lease === undefined ? task.acquire : { lease, ...task.acquire };
    const container = await runtime.start(acquire === undefined ? task : { ...task, acquire }, this.volume);
    // One that ends before it wrote anything failed to start.
    const failed = container.ended.then((said) =>
      Promise.reject(new Error(`${task.who} did not start: ${said}`)),
    );
    failed.catch(() => {});
    await Promise.race([this.expect(task.who, 'born', START_MS), failed]);
    return container;
  }

  /**
   * @param {string} who
   * @param {Entry['event']} event
   * @param {number} limitMs
   */
  async expect(who, event, limitMs) {
    const ends = [event, 'failed'];
    const entry = await this.journal.find((line) => line.who === who && ends.includes(line.event), limitMs);
    if (entry === null) {
      const last = this.journal.entries().findLast((line) => line.who === who);
      const state = last === undefined ? 'nothing was heard of it' : `${last.event} ${last.reason ?? ''}`;
      throw new Error(`${who} has not ${event} after ${limitMs} ms: ${state}`);
    }
    if (entry.event === 'failed') throw new Error(`${who}: ${entry.reason}`);
    return entry;
  }

  /**
   * Waits until the contender has the lock; null after a wedge, which is then counted.
   * @param {string} who
   */
  async entered(who) {
    return this.#acquired(() => this.expect(who, 'entered', WEDGED_MS + (this.#setting.lease ?? 0)));
  }

  /**
   * The same for a container that is restarted under the same name.
   * @param {ReadonlySet<string>} before those who had the lock until now
   * @param {number} limitMs
   * @param {string} [name] if there are several
   */
  async enteredAgain(before, limitMs, name) {
    return this.#acquired(async () => {
      const isNew = (/** @type {Entry} */ { run, event, who }) =>
        event === 'entered' && !before.has(run) && (name ?? who) === who;
      const entry = await this.journal.find(isNew, limitMs);
      if (entry === null) throw new Error(`nobody had the lock again after ${limitMs} ms`);
      return entry;
    });
  }

  /** Lists those who had the lock until now. */
  owners() {
    const entered = this.journal.entries().filter(({ event }) => event === 'entered');
    return new Set(entered.map(({ run }) => run));
  }

  /** @param {() => Promise<Entry>} wait */
  async #acquired(wait) {
    try {
      const entry = await wait();
      this.because(entry.reclaimed);
      return entry;
    } catch (error) {
      this.wedges += 1;
      this.failures.push(String(error));
      return null;
    }
  }

  /**
   * Expects that the contender gives up and ends.
   * @param {string} who
   * @param {Container} container
   */
  async refused(who, container) {
    try {
      const { reason } = await this.expect(who, 'refused', START_MS);
      this.because(reason);
      await container.ended;
    } catch (error) {
      this.failures.push(String(error));
      await container.kill();
    }
  }

  /**
   * Returns when the owner was last seen inside, which it reports every 5 ms. Its runtime may take long to
   * kill it.
   * @param {string} who
   */
  lastSign(who) {
    return this.journal.entries().findLast((line) => line.who === who)?.at ?? Number.NaN;
  }

  /** Removes the lock, to start anew. */
  clear() {
    rmSync(join(this.volume, 'install.lock'), { recursive: true });
  }

  /**
   * Records the time of a takeover, which must have been immediate if there is no lease.
   * @param {number} ms
   */
  took(ms) {
    this.ms.push(ms);
    const { lease } = this.#setting;
    const limit = lease === undefined ? AT_ONCE_MS : lease * 2 + AT_ONCE_MS;
    if (ms > limit) this.failures.push(`took ${Math.round(ms)} ms`);
  }

  /**
   * @param {string} word the result
   * @param {number} [thefts] if the number is not the journal's
   */
  end(word, thefts = this.journal.thefts()) {
    const { report, runtime } = this.#setting;
    const reasons = [...this.#reasons].map(([reason, count]) => `${reason} ${count}`).join(', ');
    report.row({
      runtime: runtime.name,
      situation: this.#situation,
      cycles: this.#setting.cycles,
      result: [word, reasons, this.#numbers()].filter((text) => text !== '').join('; '),
      ms: this.ms,
      thefts,
      wedges: this.wedges,
      failures: this.failures,
    });
  }

  /**
   * Counts the reasons that decided.
   * @param {string | null | undefined} reason
   */
  because(reason) {
    const name = reason ?? 'it was free';
    this.#reasons.set(name, (this.#reasons.get(name) ?? 0) + 1);
  }

  /** Describes the PIDs, and how often a contender had the namespace number of the one before. */
  #numbers() {
    const born = this.journal.entries().filter(({ event }) => event === 'born');
    const pids = new Set(born.map(({ pid }) => pid));
    const hosts = new Set(born.map(({ hostname }) => hostname));
    const again = born.filter(
      ({ namespace }, index) => index > 0 && namespace === born[index - 1]?.namespace,
    );
    const words = [`PID ${[...pids].join(', ')}`, `namespace recurs ${again.length} of ${born.length - 1}`];
    if (hosts.size > 1) words.push(`${hosts.size} host names`);
    if (born.some(({ bootIdNative }) => bootIdNative === false)) words.push('boot id faked');
    return words.join(', ');
  }
}
