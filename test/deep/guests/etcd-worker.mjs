// A worker that uses locks on etcd in a machine.
import { openEtcd } from '../../../dist/etcd.js';
import { answerCalls } from './answer-calls.mjs';

/** @typedef {import('../../../dist/index.js').NamedLock} NamedLock */
/** @typedef {import('../../../dist/index.js').Locks} Locks */

/** @type {Map<string, NamedLock>} */
const taken = new Map();
/** @type {Locks | null} */
let locks = null;

/** @type {Record<string, (request: any) => unknown>} */
const calls = {
  /** Opens a session, as any worker has done that was at work. */
  async warmUp({ address, options }) {
    locks = openEtcd(address, options);
    const lock = await locks.acquire(`warm-${process.pid}`);
    await lock.release();
  },

  /** Waits for all these locks at once. Returns by name what came of it. */
  async acquire({ names, timeout, address, options }) {
    const from = options === undefined ? /** @type {Locks} */ (locks) : openEtcd(address, options);
    const all = names.map(async (/** @type {string} */ name) => {
      try {
        const lock = await from.acquire(name, { timeout });
        taken.set(name, lock);
        return [name, `taken, ${lock.reclaimed === null ? 'it was free' : lock.reclaimed.verdict?.reason}`];
      } catch (error) {
        return [name, /** @type {NodeJS.ErrnoException} */ (error).code ?? String(error)];
      }
    });
    return Object.fromEntries(await Promise.all(all));
  },

  /** The names of the locks of which this worker thinks that it has them. */
  held: () => [...taken].filter(([, lock]) => lock.held).map(([name]) => name),

  async leave() {
    const all = [...taken.values()];
    taken.clear();
    // One that was lost cannot be released.
    await Promise.allSettled(all.map((lock) => lock.release()));
  },
};

await answerCalls(calls);
