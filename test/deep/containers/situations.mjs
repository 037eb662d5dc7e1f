// What is done with the containers of every runtime. A situation is repeated, and becomes one row.
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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

/** A reclaim that takes longer than this was not one at once. */
const AT_ONCE_MS = 1_000;
/** Whoever does not have it by then never will; on top of a lease. */
const WEDGED_MS = 10_000;
const START_MS = 30_000;
/** How long a neighbour waits, to be sure that it does not take what is held. */
const PATIENCE_MS = 400;
const OLDER_RUNS_MS = 50;
let volumes = 0;

/** What goes on in one row. */
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
   * The lock, for which one waits now; null after a wedge, which is then counted.
   * @param {string} who
   */
  async entered(who) {
    return this.#acquired(() => this.expect(who, 'entered', WEDGED_MS + (this.#setting.lease ?? 0)));
  }

  /**
   * The same, where a container comes again under the same name.
   * @param {ReadonlySet<string>} before who had the lock until now
   * @param {number} limitMs
   */
  async enteredAgain(before, limitMs) {
    return this.#acquired(async () => {
      const isNew = (/** @type {Entry} */ { run, event }) => event === 'entered' && !before.has(run);
      const entry = await this.journal.find(isNew, limitMs);
      if (entry === null) throw new Error(`nobody had the lock again after ${limitMs} ms`);
      return entry;
    });
  }

  /** Those who had the lock until now. */
  owners() {
    const entered = this.journal.entries().filter(({ event }) => event === 'entered');
    return new Set(entered.map(({ run }) => run));
  }

  /** @param {() => Promise<Entry>} wait */
  async #acquired(wait) {
    try {
      const entry = await wait();
      this.#reason(entry.reclaimed);
      return entry;
    } catch (error) {
      this.wedges += 1;
      this.failures.push(String(error));
      return null;
    }
  }

  /**
   * When the owner was last seen inside; it says so every 5 ms. Its runtime may take long to kill it.
   * @param {string} who
   */
  lastSign(who) {
    return this.journal.entries().findLast((line) => line.who === who)?.at ?? Number.NaN;
  }

  /** @param {string} who */
  async refused(who) {
    const { reason } = await this.expect(who, 'refused', START_MS);
    this.#reason(reason);
  }

  /**
   * Something took that long; without a lease that must have been at once.
   * @param {number} ms
   */
  took(ms) {
    this.ms.push(ms);
    const { lease } = this.#setting;
    const limit = lease === undefined ? AT_ONCE_MS : lease * 2 + AT_ONCE_MS;
    if (ms > limit) this.failures.push(`took ${Math.round(ms)} ms`);
  }

  /**
   * @param {string} word what came of it
   * @param {number} [thefts] if it is not as the journal says
   */
  end(word, thefts = this.journal.thefts()) {
    const { report, runtime } = this.#setting;
    const reasons = [...this.#reasons].map(([reason, count]) => `${reason} ${count}`).join(', ');
    report.row({
      runtime: runtime.name,
      situation: this.#situation,
      cycles: this.#setting.cycles,
      result: `${word}: ${reasons}; ${this.#numbers()}`,
      ms: this.ms,
      thefts,
      wedges: this.wedges,
      failures: this.failures,
    });
  }

  /** @param {string | null | undefined} reason */
  #reason(reason) {
    const name = reason ?? 'it was free';
    this.#reasons.set(name, (this.#reasons.get(name) ?? 0) + 1);
  }

  /** Which PIDs there were, and how often a contender had the namespace number of the one before. */
  #numbers() {
    const born = this.journal.entries().filter(({ event }) => event === 'born');
    const pids = [...new Set(born.map(({ pid }) => pid))].join(', ');
    const isFaked = born.some(({ bootIdNative }) => bootIdNative === false);
    const again = born.filter(({ namespace }, index) => namespace === born[index - 1]?.namespace).length;
    return `PID ${pids}, same namespace number ${again} of ${born.length - 1}${isFaked ? ', boot id faked' : ''}`;
  }
}

/**
 * Owner after owner is ended while it holds the lock; the next one is started when it is gone.
 * @param {Setting} setting
 * @param {string} situation
 * @param {object} [how]
 * @param {Partial<Task>} [how.owner]
 * @param {(container: Container, who: string, scene: Scene) => Promise<void>} [how.end] SIGKILL
 */
export async function oneAfterTheOther(
  setting,
  situation,
  { owner = {}, end = (container) => container.kill() } = {},
) {
  const scene = new Scene(setting, situation);
  for (let cycle = 0; cycle <= setting.cycles; cycle += 1) {
    const who = `owner-${cycle}`;
    const container = await scene.start({ who, ...owner });
    const entry = cycle === 0 ? await scene.expect(who, 'entered', START_MS) : await scene.entered(who);
    if (cycle > 0 && entry !== null) scene.took(entry.ms ?? 0);
    await end(container, who, scene);
  }
  scene.end('reclaimed');
}

/**
 * An owner, and a waiter that is its double; then the owner is killed, and the waiter becomes the owner.
 * @param {Setting} setting
 * @param {string} situation
 */
export async function neighbours(setting, situation = 'a double waits, then the owner is killed') {
  const scene = new Scene(setting, situation);
  let owner = await scene.start({ who: 'neighbour-0' });
  await scene.expect('neighbour-0', 'entered', START_MS);
  for (let cycle = 1; cycle <= setting.cycles; cycle += 1) {
    const who = `neighbour-${cycle}`;
    const waiter = await scene.start({ who });
    // By a lease it must see that the owner lives, and longer than the lease.
    await sleep(PATIENCE_MS + (setting.lease ?? 0) * 1.5);
    await owner.kill();
    const entry = await scene.entered(who);
    if (entry !== null) scene.took(entry.at - scene.lastSign(`neighbour-${cycle - 1}`));
    owner = waiter;
  }
  await owner.kill();
  scene.end('not stolen, then woken');
}

/**
 * A paused owner lives. Others are refused; when it goes on it finds its lock.
 * @param {Setting} setting
 */
export async function paused(setting) {
  const scene = new Scene(setting, 'paused; a double tries; resumed');
  const owner = await scene.start({ who: 'sleeper' });
  await scene.expect('sleeper', 'entered', START_MS);
  for (let cycle = 1; cycle <= setting.cycles; cycle += 1) {
    const who = `caller-${cycle}`;
    await owner.pause();
    const caller = await scene.start({ who, acquire: { timeout: PATIENCE_MS } });
    await scene.refused(who);
    await caller.ended;
    const before = performance.timeOrigin + performance.now();
    await owner.resume();
    const goesOn = await scene.journal.find((line) => line.event === 'inside' && line.at > before, WEDGED_MS);
    if (goesOn === null) scene.failures.push('the owner did not go on');
  }
  await owner.kill();
  scene.end('not stolen');
}

/**
 * A killed container of an older program left a lock that holds a PID and nothing else. Ours has the same PID.
 * @param {Setting} setting
 */
export async function olderProgram(setting) {
  const scene = new Scene(setting, 'PID-only lock of a killed older version');
  for (let cycle = 1; cycle <= setting.cycles; cycle += 1) {
    const older = await scene.start({ who: `older-${cycle}`, style: 'pid-only' });
    await scene.expect(`older-${cycle}`, 'entered', START_MS);
    // A record that is no older than one tick of the successor's birth would be unknown.
    await sleep(OLDER_RUNS_MS);
    await older.kill();
    const who = `newer-${cycle}`;
    const newer = await scene.start({ who });
    const entry = await scene.entered(who);
    if (entry !== null) scene.took(entry.ms ?? 0);
    await newer.kill();
    rmSync(join(scene.volume, 'install.lock'), { recursive: true });
  }
  scene.end('reclaimed');
}

/**
 * An older program lives next door, with our PID, and its lock holds that and nothing else. Nobody can tell: those who
 * are told so leave it alone.
 * @param {Setting} setting
 */
export async function olderNeighbour(setting) {
  const scene = new Scene(setting, "PID-only lock of a living older version, legacy: 'unknown'");
  const older = await scene.start({ who: 'older', style: 'pid-only' });
  await scene.expect('older', 'entered', START_MS);
  for (let cycle = 1; cycle <= setting.cycles; cycle += 1) {
    const who = `newer-${cycle}`;
    const newer = await scene.start({ who, acquire: { timeout: PATIENCE_MS, legacy: 'unknown' } });
    await scene.refused(who);
    await newer.ended;
  }
  await older.kill();
  scene.end('not stolen');
}

/**
 * The same with the default. It is assumed that the PID is of this namespace, and so the lock is taken: no theft in the
 * table, since it is documented; should it change, the row fails, and docs/limits.md is to be changed.
 * @param {Setting} setting
 */
export async function olderNeighbourAssumed(setting) {
  const scene = new Scene(setting, "PID-only lock of a living older version, legacy: 'assume'");
  for (let cycle = 1; cycle <= setting.cycles; cycle += 1) {
    const older = await scene.start({ who: `older-${cycle}`, style: 'pid-only' });
    await scene.expect(`older-${cycle}`, 'entered', START_MS);
    await sleep(OLDER_RUNS_MS);
    const newer = await scene.start({ who: `newer-${cycle}` });
    await scene.entered(`newer-${cycle}`);
    await Promise.all([older.kill(), newer.kill()]);
    rmSync(join(scene.volume, 'install.lock'), { recursive: true });
  }
  scene.end('a documented limit: taken', 0);
}

/**
 * What every runtime goes through.
 * @param {Setting} setting
 */
export async function allSituations(setting) {
  await oneAfterTheOther(setting, 'killed mid-hold, then a new one');
  await neighbours(setting);
  await paused(setting);
  await olderProgram(setting);
}

/**
 * Containers of two runtimes on one volume, which see nothing of each other: an owner that beats is left alone, and when
 * it is killed its lease ends.
 * @param {Setting} setting the owners', who have a lease
 * @param {Runtime} other
 */
export async function strangers(setting, other) {
  const scene = new Scene(setting, `an owner here, a waiter in ${other.name}; then the owner is killed`);
  for (let cycle = 1; cycle <= setting.cycles; cycle += 1) {
    const owner = await scene.start({ who: `owner-${cycle}` });
    await scene.expect(`owner-${cycle}`, 'entered', START_MS);
    const waiter = await other.start({ who: `waiter-${cycle}` }, scene.volume);
    await sleep(PATIENCE_MS + (setting.lease ?? 0) * 1.5);
    await owner.kill();
    const entry = await scene.entered(`waiter-${cycle}`);
    if (entry !== null) scene.took(entry.at - scene.lastSign(`owner-${cycle}`));
    await waiter.kill();
    rmSync(join(scene.volume, 'install.lock'), { recursive: true });
  }
  scene.end('not stolen, then taken over');
}
