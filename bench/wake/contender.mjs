// Takes and releases locks on command of its parent. It reads one command a line from stdin, and writes one JSON object
// a line to stdout. Times are ns of CLOCK_MONOTONIC, which every process of the machine shares.
// Argument: the way in which it waits, one of the keys of WAYS.
import { mkdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { loadPeer } from '../peers/load.mjs';

const POLL_MS = 100;

function say(message) {
  writeSync(1, `${JSON.stringify(message)}\n`);
}

function now() {
  return process.hrtime.bigint().toString();
}

async function kernelIdentity(acquire) {
  const api = await import('../../dist/index.js');
  return async (path, waiting) => {
    const lock = await api[acquire](path, { onWait: waiting });
    return () => lock.releaseSync();
  };
}

/** proper-lockfile with its own defaults, except that it retries as often as the poller does. */
async function properLockfile() {
  const { lock } = await loadPeer('proper-lockfile');
  const retries = { forever: true, factor: 1, minTimeout: POLL_MS, maxTimeout: POLL_MS };
  return async (path, waiting) => {
    waiting();
    return lock(path, { realpath: false, retries });
  };
}

/** The way of programs that make a directory, read a PID file and try again 10 times a second, blocking. */
async function poller() {
  const beat = new Int32Array(new SharedArrayBuffer(4));
  return async (path, waiting) => {
    const owner = join(path, 'owner.json');
    for (let hasReported = false; ; ) {
      try {
        mkdirSync(path);
        writeFileSync(owner, JSON.stringify({ pid: process.pid, createdAtMs: Date.now() }));
        return () => rmSync(path, { recursive: true });
      } catch (error) {
        if (error.code !== 'EEXIST') throw error;
      }
      if (isDead(owner)) {
        rmSync(path, { recursive: true, force: true });
        continue;
      }
      if (!hasReported) waiting();
      hasReported = true;
      Atomics.wait(beat, 0, 0, POLL_MS);
    }
  };
}

function isDead(owner) {
  try {
    process.kill(JSON.parse(readFileSync(owner, 'utf8')).pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

const WAYS = {
  async: () => kernelIdentity('acquireLock'),
  sync: () => kernelIdentity('acquireLockSync'),
  'proper-lockfile': properLockfile,
  poller,
};

const take = await WAYS[process.argv[2]]();
/** The functions that release the locks, by path. */
const releases = new Map();

const commands = {
  async acquire(path) {
    let waiting = () => {
      waiting = () => {};
      say({ waiting: path });
    };
    const release = await take(path, () => waiting());
    say({ acquired: path, at: now() });
    releases.set(path, release);
  },
  async release(path) {
    const at = now();
    await releases.get(path)();
    releases.delete(path);
    say({ released: path, at });
  },
};

say({ ready: process.pid });
for await (const line of createInterface({ input: process.stdin })) {
  const { command, path } = JSON.parse(line);
  commands[command](path);
}
process.exit();
