// Adds numbers of its own to a set, one after the other, by reading and writing the whole of it under a lock: Jepsen's
// workload. ADDRESS OPTIONS NAME WHERE FIRST. WHERE is `register HOST PORT`, see register.mjs, or `etcd ENDPOINT`, where a
// transaction compares the entry of the lock. It prints `read N` before it writes, then `added N` or `refused N`.
//
// It asks whether it still has the lock before it writes, as an honest program does. That is not enough: it may be
// stopped just after it has asked.
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { openEtcd } from '../../../dist/etcd.js';

/** @typedef {{ read: () => Promise<number[]>, write: (token: string, set: number[]) => Promise<boolean> }} Store */

const [address = '', options = '{}', name = '', where = '', first = '0'] = process.argv.slice(2);
/** Milliseconds between the question whether the lock is held, and the write. */
const WORK = 30;
const PAUSE = 100;

const [kind, ...place] = where.split(' ');
const store = kind === 'register' ? await register(place) : inEtcd(place);
const locks = openEtcd(address, JSON.parse(options));

for (let number = Number(first); ; number += 1) {
  try {
    const lock = await locks.acquire(name);
    const set = await store.read();
    if (lock.held) {
      console.log(`read ${number}`);
      await sleep(WORK);
      const isAdded = await store.write(lock.fencingToken ?? '', [...set, number]);
      console.log(`${isAdded ? 'added' : 'refused'} ${number}`);
    }
    await lock.release();
  } catch (error) {
    console.log(`error ${/** @type {NodeJS.ErrnoException} */ (error).code ?? error}`);
    await sleep(PAUSE);
  }
}

/** @param {string[]} place @returns {Promise<Store>} */
async function register([host = '', port = '']) {
  const socket = connect({ host, port: Number(port), noDelay: true });
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const ask = async (/** @type {string} */ line) => {
    socket.write(`${line}\n`);
    return String((await lines.next()).value);
  };
  return {
    read: async () => JSON.parse((await ask('read')).split(' ')[0] ?? ''),
    write: async (token, set) => (await ask(`write ${token} ${JSON.stringify(set)}`)) === 'ok',
  };
}

/** @param {string[]} place @returns {Store} */
function inEtcd([endpoint = '']) {
  const call = async (/** @type {string} */ path, /** @type {object} */ body) => {
    const answer = await fetch(`http://${endpoint}/v3/kv/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    return /** @type {any} */ (await answer.json());
  };
  const key = encode(`set/${name}`);
  return {
    async read() {
      const { kvs = [] } = await call('range', { key });
      return kvs.length === 0 ? [] : JSON.parse(Buffer.from(kvs[0].value, 'base64').toString());
    },
    async write(token, set) {
      // The lock's entry is the one whose create_revision is the token.
      const line = { key: encode(`locks/${name}/`), range_end: encode(`locks/${name}0`) };
      const { kvs = [] } = await call('range', {
        ...line,
        min_create_revision: token,
        max_create_revision: token,
      });
      if (kvs.length === 0) return false;
      const isMine = { key: kvs[0].key, target: 'CREATE', create_revision: token, result: 'EQUAL' };
      const put = { request_put: { key, value: encode(JSON.stringify(set)) } };
      return (await call('txn', { compare: [isMine], success: [put] })).succeeded === true;
    },
  };
}

/** @param {string} text */
function encode(text) {
  return Buffer.from(text).toString('base64');
}
