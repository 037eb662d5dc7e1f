// A process that acquires locks when it is told to: ADDRESS TTL. It takes lines `acquire NAME` and `release NAME`, and
// writes `waiting NAME`, `held NAME AT`, `released NAME AT`, in nanoseconds on the clock that all processes share.
import { createInterface } from 'node:readline';
import { openEtcd } from '../../dist/etcd.js';

const [address, ttl] = process.argv.slice(2);
const locks = openEtcd(address, { ttl: Number(ttl) });
const held = new Map();

const orders = {
  async acquire(name) {
    held.set(name, await locks.acquire(name, { onWait: () => console.log(`waiting ${name}`) }));
    console.log(`held ${name} ${process.hrtime.bigint()}`);
  },
  async release(name) {
    const at = process.hrtime.bigint();
    await held.get(name).release();
    console.log(`released ${name} ${at}`);
  },
};

console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  const [what, name] = line.split(' ');
  void orders[what](name);
}
await locks.close();
