// Takes and releases one lock until it is killed: ADDRESS OPTIONS NAME MS. It stays inside for up to MS, in steps, and
// writes when it was, in nanoseconds on the clock that all processes share: `in TOKEN AT`, then `out TOKEN AT` or
// `lost TOKEN AT`, with the last moment at which the lock said that it is held.
import { setTimeout as sleep } from 'node:timers/promises';
import { openEtcd } from '../../../dist/etcd.js';

const [address = '', options = '{}', name = '', ms = '4'] = process.argv.slice(2);
const locks = openEtcd(address, JSON.parse(options));
/** Milliseconds of a step. */
const STEP = 2;
/** Milliseconds before the next try after an error. */
const PAUSE = 100;

/** @param {string} what @param {string | null} token @param {bigint} at */
const say = (what, token, at) => process.stdout.write(`${what} ${token} ${at}\n`);

for (;;) {
  try {
    const lock = await locks.acquire(name);
    let at = process.hrtime.bigint();
    let last = at;
    say('in', lock.fencingToken, at);
    const until = at + BigInt(Math.round(Math.random() * Number(ms) * 1e6));
    while (lock.held && last < until) {
      last = at;
      await sleep(STEP);
      // The moment is before the question, so that the lock was held at that moment if it is held after it.
      at = process.hrtime.bigint();
    }
    say(lock.held ? 'out' : 'lost', lock.fencingToken, last);
    await lock.release();
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    process.stdout.write(`error ${code ?? error}\n`);
    await sleep(PAUSE);
  }
}
