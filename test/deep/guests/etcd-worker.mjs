// A worker that uses locks on etcd in a machine. Like test/fixtures/lock-agent.mjs it takes one call a line on stdin,
// answers with one line on stdout, and prints its number first.
import { createInterface } from 'node:readline';
import { openEtcd } from '../../../dist/etcd.js';

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

/** @param {{ call: string }} request */
async function answer({ call, ...request }) {
  try {
    return { value: (await calls[call]?.(request)) ?? null };
  } catch (error) {
    const { name, message, code } = /** @type {NodeJS.ErrnoException} */ (error);
    return { error: { name, message, code } };
  }
}

console.log(JSON.stringify({ pid: process.pid }));
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(JSON.parse(line))));
}
process.exit();
