// Takes and releases one lock until it is killed, and writes when it was inside, on the clock that all processes share:
// `in TOKEN NANOSECONDS`, `out TOKEN NANOSECONDS`.
import { openEtcd } from '../../../dist/etcd.js';

const [address = '', options = '{}', name = ''] = process.argv.slice(2);
const locks = openEtcd(address, JSON.parse(options));
/** @param {string} what */
const say = (what) => process.stdout.write(`${what} ${process.hrtime.bigint()}\n`);

for (;;) {
  try {
    const lock = await locks.acquire(name);
    say(`in ${lock.fencingToken}`);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
    say(`${lock.held ? 'out' : 'lost'} ${lock.fencingToken}`);
    await lock.release();
  } catch (error) {
    process.stdout.write(`error ${/** @type {any} */ (error).code ?? error}\n`);
  }
}
