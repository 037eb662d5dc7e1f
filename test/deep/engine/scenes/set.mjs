// Jepsen's workload for what a lock protects: a set that is read and written as a whole. No addition that was
// acknowledged may be lost. Without fencing some are, which shows that the scene can find it.
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { RUNTIME } from '../figures.mjs';

/** @typedef {import('../../frame/report.mjs').Report} Report */
/** @typedef {import('../cluster.mjs').Cluster} Cluster */
/** @typedef {import('node:child_process').ChildProcessByStdio<import('node:stream').Writable, import('node:stream').Readable, null>} Child */

const [ADDER, REGISTER, WRITER] = ['adder', 'register', 'writer'].map((name) =>
  fileURLToPath(new URL(`../${name}.mjs`, import.meta.url)),
);
const OPTIONS = JSON.stringify({ ttl: 2_000 });
/** Numbers that one process adds at most. */
const SHARE = 1_000_000;
/** Lines that a dead owner has queued, and the milliseconds that each takes. */
const QUEUED = 2_000;
const WRITE_MS = 1;

/**
 * @param {Report} report
 * @param {Cluster} cluster
 * @param {number} cycles
 * @param {'unfenced' | 'fenced' | 'etcd'} guard
 */
export async function additions(report, cluster, cycles, guard) {
  const port = guard === 'fenced' ? '7001' : '7002';
  const register = guard === 'etcd' ? null : await startRegister(cluster, port, guard, 0);
  const where =
    register === null ? `etcd ${cluster.endpoints.split(',')[0]}` : `register ${cluster.hostOf(3)} ${port}`;
  const name = `set-${guard}`;
  const adders = new Adders(cluster, [ADDER ?? '', cluster.address, OPTIONS, name, where]);
  for (let n = 0; n < 4; n += 1) adders.start();
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    // Stopped between its question and its write, until another has written.
    const { number, child } = await adders.next('read');
    child.kill('SIGSTOP');
    await adders.next('added', number);
    child.kill('SIGCONT');
    // Killed at the same place.
    const mortal = await adders.next('read');
    mortal.child.kill('SIGKILL');
    adders.start();
    await adders.next('added', mortal.number);
  }
  await adders.end();
  const set = new Set(register === null ? await setInEtcd(cluster, name) : (await register.ask()).value);
  register?.end();
  const lost = adders.added.filter((one) => !set.has(one)).length;
  const { refused } = adders;
  const failures = [];
  if (guard === 'unfenced' && lost === 0) failures.push('nothing was lost, so the scene shows nothing');
  if (guard !== 'unfenced' && refused === 0) failures.push('nothing was refused, so the scene shows nothing');
  const words = {
    unfenced: 'control: a set under the lock, without fencing',
    fenced: 'a set under the lock, fenced by the token',
    etcd: 'a set in etcd, fenced by the entry of the lock',
  };
  const result = `${adders.added.length} additions, ${refused} refused, ${lost} lost`;
  const thefts = guard === 'unfenced' ? 0 : lost;
  report.row({ runtime: RUNTIME, situation: words[guard], cycles, result, thefts, failures });
}

/**
 * The owner dies with writes on their way, and its successor begins within milliseconds.
 * @param {Report} report
 * @param {Cluster} cluster
 * @param {'unfenced' | 'fenced'} guard
 */
export async function queuedWrites(report, cluster, guard) {
  const port = guard === 'fenced' ? '7003' : '7004';
  const register = await startRegister(cluster, port, guard, WRITE_MS);
  const words = [
    WRITER ?? '',
    cluster.address,
    JSON.stringify({ ttl: 30_000 }),
    `queue-${guard}`,
    cluster.hostOf(3),
    port,
  ];
  const start = (/** @type {number} */ client, /** @type {number} */ count) =>
    cluster.spawnAt(client, [process.execPath, ...words, String(count)]);
  const owner = start(1, QUEUED);
  await said(owner, 'queued');
  const successor = start(2, 1);
  // The successor is in line, and has seen the owner alive, as soon as it has asked once.
  await sleep(1_000);
  owner.kill('SIGKILL');
  await said(successor, 'queued');
  let { done, stale } = await register.ask();
  while (done < 1) {
    await sleep(100);
    ({ done, stale } = await register.ask());
  }
  successor.kill('SIGKILL');
  register.end();
  const failures = [];
  if (guard === 'unfenced' && stale.applied === 0)
    failures.push('nothing came late, so the scene shows nothing');
  if (guard === 'fenced' && stale.refused === 0)
    failures.push('nothing was refused, so the scene shows nothing');
  const situation = `${guard === 'fenced' ? '' : 'control: '}${QUEUED} writes of a dead owner on their way, ${guard}`;
  const result = `${stale.applied} stale writes applied, ${stale.refused} refused`;
  const thefts = guard === 'fenced' ? stale.applied : 0;
  report.row({ runtime: RUNTIME, situation, result, thefts, failures });
}

/** Processes that add to the set, and all that they say. */
class Adders {
  /** Every number whose addition was acknowledged. @type {number[]} */
  added = [];
  refused = 0;
  /** @type {Map<number, Child>} */
  #running = new Map();
  #started = 0;
  #cluster;
  #words;
  /** @type {((word: string, number: number) => void)[]} */
  #hearers = [];

  /** @param {Cluster} cluster @param {string[]} words */
  constructor(cluster, words) {
    this.#cluster = cluster;
    this.#words = words;
  }

  start() {
    this.#started += 1;
    const number = this.#started;
    const words = [process.execPath, ...this.#words, String(number * SHARE)];
    const child = this.#cluster.spawnAt(1 + (number % 2), words);
    this.#running.set(number, child);
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [word = '', added = ''] = line.split(' ');
      if (word === 'added') this.added.push(Number(added));
      if (word === 'refused') this.refused += 1;
      for (const hear of [...this.#hearers]) hear(word, number);
    });
  }

  /**
   * Waits until one says this from now on.
   * @param {string} wanted @param {number} [except] the one that is not meant
   * @returns {Promise<{ number: number, child: Child }>}
   */
  next(wanted, except) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`nobody says '${wanted}'`)), 60_000);
      const hear = (/** @type {string} */ word, /** @type {number} */ number) => {
        const child = this.#running.get(number);
        if (word !== wanted || number === except || child === undefined) return;
        clearTimeout(timer);
        this.#hearers = this.#hearers.filter((one) => one !== hear);
        resolve({ number, child });
      };
      this.#hearers.push(hear);
    });
  }

  /** Kills all, and hears out what they have said. */
  async end() {
    for (const child of this.#running.values()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGKILL');
      await closed;
    }
  }
}

/** @param {Cluster} cluster @param {string} port @param {string} guard @param {number} ms */
async function startRegister(cluster, port, guard, ms) {
  const child = cluster.spawnAt(3, [process.execPath, REGISTER ?? '', port, guard, String(ms)]);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return {
    async ask() {
      child.stdin.write('\n');
      return JSON.parse((await lines.next()).value);
    },
    end: () => child.stdin.end(),
  };
}

/** @param {Child} child @param {string} word */
function said(child, word) {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === word) resolve(undefined);
    });
    child.once('exit', () => reject(new Error(`it ended before it said '${word}'`)));
  });
}

/** @param {Cluster} cluster @param {string} name @returns {Promise<number[]>} */
async function setInEtcd(cluster, name) {
  const words = ['etcdctl', '--endpoints', cluster.endpoints, 'get', '--print-value-only', `set/${name}`];
  const child = cluster.spawnAt(3, ['env', 'ETCDCTL_API=3', ...words]);
  return JSON.parse(Buffer.concat(await child.stdout.toArray()).toString());
}
