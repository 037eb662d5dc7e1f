// One process of a test: it takes orders in lines of JSON, and answers in lines of JSON.
// Arguments: the address of the locks, and options of etcd() as JSON.
import { createInterface } from 'node:readline';
import { openEtcd } from '../../dist/etcd.js';
import { openLocks } from '../../dist/index.js';

const [address, options = '{}'] = process.argv.slice(2);
const locks = address.startsWith('etcd') ? openEtcd(address, JSON.parse(options)) : await openLocks(address);
const held = new Map();
const say = (message) => process.stdout.write(`${JSON.stringify({ ...message, at: Date.now() })}\n`);

const orders = {
  async acquire({ name, timeout }) {
    const lock = await locks.acquire(name, {
      ...(timeout === undefined ? {} : { timeout }),
      onWait: ({ verdict, description }) =>
        say({ waiting: name, reason: verdict?.reason ?? null, description }),
    });
    held.set(name, lock);
    lock.signal.addEventListener('abort', () => say({ lost: name, why: lock.signal.reason.message }));
    return { held: name, token: lock.fencingToken, reclaimed: lock.reclaimed?.owner?.pid ?? null };
  },
  async try({ name }) {
    const lock = await locks.tryAcquire(name);
    if (lock !== null) held.set(name, lock);
    return { tried: name, token: lock?.fencingToken ?? null };
  },
  async release({ name }) {
    await held.get(name).release();
    return { released: name };
  },
  async verify({ name }) {
    return { verified: await held.get(name).verify(), held: held.get(name).held };
  },
  async inspect({ name }) {
    const { state, verdict, fencingToken, waiting } = await locks.inspect(name);
    return { state, reason: verdict?.reason ?? null, fencingToken, waiting };
  },
  async reclaim({ name }) {
    const { state, reclaimed } = await locks.reclaim(name);
    return { state, reclaimed };
  },
  // What is said of the lock is what it says before the event loop goes on.
  async block({ ms, name }) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    const lock = held.get(name);
    return { blocked: ms, aborted: lock?.signal.aborted, held: lock?.held };
  },
  async close() {
    await locks.close();
    return { closed: true };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  orders[order.do](order).then(say, ({ code, message }) => say({ error: code, message }));
}
process.exit(0);
