import type { Worker } from 'node:worker_threads';
import { type BootTime, STAMP } from '../../backend/boot-clock.js';
import { isRefusedByNode } from '../../backend/system-error.js';
import { withCode } from '../../errors.js';
import { HEDGE } from './gateway.js';
import { UNAUTHENTICATED } from './grpc-codes.js';
import type { ClusterOptions } from './options.js';
import { hedged, post } from './post.js';

/** What the thread gets when it is started. */
interface Task {
  readonly endpoints: ClusterOptions['endpoints'];
  readonly tls: ClusterOptions['tls'];
  readonly token: string | null;
  readonly id: string;
  readonly cluster: string | null;
  /** Milliseconds. */
  readonly interval: number;
  /** Milliseconds since {@link sentAt} after which the lease counts as lost. */
  readonly patience: number;
  /** When the last renewal that succeeded was sent. */
  readonly sentAt: BootTime;
  /** Element 0 becomes 1, with a notice, once the removals that a message wanted were tried. */
  readonly removed: Int32Array;
}

/**
 * What the thread reports. `elsewhere`: another cluster answers, which may know the lease from a backup.
 * `unauthenticated`: it needs a new token, and goes on trying.
 */
export type FromBeats = 'ended' | 'elsewhere' | 'late' | 'unauthenticated';

/** Most milliseconds between two tries after a renewal that failed. */
const RETRY = 250;

/**
 * The program of the thread that renews a lease. A thread, because the timers of the program's own stand still while its
 * event loop is blocked. It is text because a bundler takes a string along, but not a module that is only named in the
 * call that starts a worker. `post` and `hedged` are the same functions that the other calls are made with.
 */
const PROGRAM = `'use strict';
const { parentPort, workerData: task } = require('node:worker_threads');
const isTls = task.endpoints[0].protocol === 'https:';
const { Agent, request } = require(isTls ? 'node:https' : 'node:http');
const tls = task.tls ?? {};
const transport = { request, tls, agent: new Agent({ keepAlive: true, noDelay: true, ...tls }) };
const post = ${post.toString()};
const hedged = ${hedged.toString()};
${STAMP}
const body = JSON.stringify({ ID: task.id });
const timeout = Math.max(300, task.interval / 2);
let { token } = task;
let server = 0;
let isOver = false;

parentPort.on('message', async (message) => {
  if (message.removals === undefined) {
    ({ token } = message);
    return;
  }
  isOver = true;
  await Promise.all(message.removals.map((removal) => {
    const remove = (index, requests) =>
      post(transport, task.endpoints[index], '/kv/txn', removal, token, timeout, requests);
    return hedged(task.endpoints.length, server, ${HEDGE}, remove, () => false).catch(() => {});
  }));
  Atomics.store(task.removed, 0, 1);
  Atomics.notify(task.removed, 0);
});

async function beatAt(index, requests) {
  const { status, text } = await post(transport, task.endpoints[index], '/lease/keepalive', body, token, timeout, requests);
  const answer = JSON.parse(text);
  if (status === 401 || answer.code === ${UNAUTHENTICATED}) {
    parentPort.postMessage('unauthenticated');
    throw new Error('unauthenticated');
  }
  const { cluster_id: cluster = task.cluster, revision } = answer.result?.header ?? {};
  // Each answer of etcd has a revision. Without one it is another program's, which neither renews a lease nor ends it.
  if (status !== 200 || !(Number(revision) > 0)) throw new Error('no renewal');
  return cluster === task.cluster ? Number(answer.result.TTL ?? 0) : 'elsewhere';
}

async function beat() {
  const sent = new BigInt64Array(2);
  stamp(sent);
  let wait = task.interval;
  try {
    const answer = await hedged(task.endpoints.length, server, ${HEDGE}, beatAt, () => false);
    if (!(answer.value > 0)) return end(answer.value === 'elsewhere' ? 'elsewhere' : 'ended');
    server = answer.server;
    sent.forEach((us, clock) => Atomics.store(task.sentAt, clock, us));
  } catch {
    wait = Math.min(${RETRY}, task.interval / 4);
  }
  if (!isOver) setTimeout(beat, wait);
}

function end(how) {
  isOver = true;
  // An event loop that is blocked hears of it later, but knows at once that nothing is left.
  task.sentAt.forEach((_, clock) => Atomics.store(task.sentAt, clock, -(2n ** 60n)));
  parentPort.postMessage(how);
}

// A renewal that hangs must not hide that time is over.
setInterval(() => {
  const now = new BigInt64Array(2);
  stamp(now);
  const [up, awake] = now.map((us, clock) => us - Atomics.load(task.sentAt, clock));
  if (!isOver && Number(up > awake ? up : awake) / 1000 >= task.patience) end('late');
}, Math.min(50, task.patience / 10));
setTimeout(beat, task.interval);
`;

/** @throws {Error} ERR_ACCESS_DENIED under Node's permission model; EAGAIN where no thread can be started. */
export function startBeats(task: Task): Worker {
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  try {
    return new Worker(PROGRAM, {
      eval: true,
      name: 'kernel-identity etcd',
      workerData: task,
      // The modules that a program preloads into its threads have no business in this one.
      execArgv: [],
      env: {},
    });
  } catch (error) {
    if (!isRefusedByNode(error)) throw error;
    const message = 'a lock on etcd needs a worker thread to keep its lease: allow it with --allow-worker';
    throw withCode(new Error(message, { cause: error }), 'ERR_ACCESS_DENIED');
  }
}
