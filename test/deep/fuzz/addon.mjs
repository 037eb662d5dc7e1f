// node addon.mjs ADDON SECONDS [SEED]: calls every function that the addon exports with random and with nearly right
// arguments, while worker threads that use it are terminated. A sanitizer ends the process when the addon goes wrong. Prints
// how often each function was called and how often it answered without an error; exits 1 when one is not known here.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { randomFrom } from '../../torture/random.mjs';
import { TAKES } from './addon-functions.mjs';

/** Milliseconds for which calls are made in a row, before events and worker threads get their turn. */
const TURN = 40;
/** Most descriptors that are open at a time: each next one replaces another. */
const MOST_OPEN = 200;

const [path, seconds, seed] = isMainThread
  ? [process.argv[2] ?? '', Number(process.argv[3]), Number(process.argv[4] ?? Date.now() % 2 ** 32)]
  : workerData;
const addon = createRequire(import.meta.url)(path);
const draw = randomFrom(seed);
const below = (/** @type {number} */ limit) => Math.floor(draw() * limit);
const oneOf = (/** @type {readonly any[]} */ values) => values[below(values.length)];

const home = isMainThread ? makeHome() : workerData[3];
// A relative path among the arguments must lead to nothing else.
if (isMainThread) process.chdir(home);

function makeHome() {
  const made = mkdtempSync(join(tmpdir(), 'kernel-identity-fuzz-'));
  execFileSync('mkfifo', [join(made, 'fifo')]);
  mkdirSync(join(made, 'sub'));
  writeFileSync(join(made, 'a'), 'text');
  symlinkSync('a', join(made, 'link'));
  return made;
}

/** The descriptors that the addon has handed out. Only these are closed and written: others are those of Node. */
const open = [addon.files.openParent(home)];
const [directory = -1] = open;
const status = addon.files.statDescriptor(directory);
const NAMES = [
  'a',
  'b',
  'owner.json',
  'link',
  'fifo',
  'sub',
  'ü',
  'x'.repeat(255),
  'y'.repeat(256),
  'a/b',
  '',
  'a\0b',
  '\ud800',
];

/** Arguments that are mostly right, by their kind. @type {Record<string, () => unknown>} */
const right = {
  pid: () => oneOf([1, process.pid, process.ppid, 2 ** 22, below(70_000), 2 ** 31 - 1]),
  fd: () => oneOf([...open, 999_999]),
  fdOrNull: () => oneOf([...open, null]),
  directory: () => oneOf([directory, directory, directory, ...open]),
  name: () => oneOf(NAMES),
  path: () => oneOf([home, join(home, 'sub'), 'sub', '/nowhere', '/proc/self/ns/time', 'x'.repeat(5_000)]),
  text: () => oneOf(['', 'a', '{}', 'x'.repeat(below(70_000)), '\ud800\0ü']),
  number: () => oneOf(['0', '1', String(below(1e9)), '18446744073709551615', '4611686018427387904']),
  device: () => oneOf([status.device, status.device, '1']),
  inode: () => oneOf([status.inode, status.inode, '1']),
  lifeline: () =>
    `${oneOf(['time', 'time', 'user', 'pid', ''])}:${oneOf(['1', String(below(1e6)), '9'.repeat(30), ''])}`,
  words: () => new Int32Array(new SharedArrayBuffer(4 * (1 + below(4)))),
  index: () => below(5),
  limit: () => oneOf([0, 1, 64, 65_537]),
  milliseconds: () => oneOf([0, 1, 5]),
  ticket: () => below(500),
  call: () => oneOf([() => {}, () => Promise.resolve()]),
  bytes: () => new Uint8Array(below(5_000)),
  monitor: () => addon.watch.openChangeMonitor(directory),
};

/** Arguments of any type and size. @type {readonly (() => unknown)[]} */
const ANY = [
  () => undefined,
  () => null,
  () => oneOf([true, 0, -0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, 2 ** 53, 1e308, 10n]),
  () => oneOf(['', 'a', '9'.repeat(40), 'z'.repeat(1 << 18), Symbol('x'), new String('a'), new Date()]),
  () => oneOf([{}, [], Object.create(null), () => {}, new Float64Array(2), new DataView(new ArrayBuffer(8))]),
  () => new Int32Array(oneOf([0, 4])),
  () => new Int32Array(resizable()),
  detached,
  () =>
    new Proxy(
      {},
      {
        get() {
          throw new Error('get');
        },
      },
    ),
  ...Object.values(right),
];

/** @returns {ArrayBuffer} */
function resizable() {
  // The types are those of an older standard.
  return new /** @type {any} */ (ArrayBuffer)(8, { maxByteLength: 64 });
}

/** An array whose memory has been given away. */
function detached() {
  const words = new Int32Array(4);
  structuredClone(words.buffer, { transfer: [words.buffer] });
  return words;
}

/** @type {[name: string, call: (...args: unknown[]) => unknown][]} */
const exported = Object.entries(addon).flatMap(([name, value]) =>
  typeof value === 'object'
    ? Object.entries(value).map(([key, call]) => /** @type {any} */ ([`${name}.${key}`, call]))
    : typeof value === 'function'
      ? [/** @type {any} */ ([name, value])]
      : [],
);
const unknown = exported.map(([name]) => name).filter((name) => !(name in TAKES));
const missing = Object.keys(TAKES).filter((name) => !exported.some(([known]) => known === name));
if (unknown.length + missing.length > 0) {
  console.error(`not known here: ${unknown.join(' ')}; not exported: ${missing.join(' ')}`);
  process.exit(1);
}

/** @type {Record<string, { calls: number, answers: number }>} */
const counts = Object.fromEntries(exported.map(([name]) => [name, { calls: 0, answers: 0 }]));

function callOne() {
  /** @type {[name: keyof typeof TAKES, call: (...args: unknown[]) => unknown]} */
  const [name, call] = oneOf(exported);
  const kinds = (TAKES[name] ?? '').split(' ').filter((kind) => kind !== '');
  const isWild = below(3) === 0;
  const args = isWild
    ? Array.from({ length: below(6) }, () => oneOf(ANY)())
    : kinds.map((kind) => (below(6) === 0 ? oneOf(ANY)() : right[kind]?.()));
  for (const [index, kind] of kinds.entries()) {
    if (isDescriptorOfNode(kind, args[index])) args[index] = 999_999;
  }
  // Closed, it would leave the other calls nothing to work on.
  if (/close/i.test(name) && args[0] === directory) return;
  // To adopt a file of another thread would close it twice.
  if (name === 'files.adopt' && typeof args[0] === 'number') args[0] = directory;
  if (name === 'watch.block') {
    // Only a monitor is never read for ever, and to wait for long is no mistake.
    if (typeof args[0] === 'number') args[0] = right.monitor?.();
    if (typeof args[2] === 'number' && args[2] > 5) args[2] = 5;
  }
  const count = /** @type {{ calls: number, answers: number }} */ (counts[name]);
  count.calls += 1;
  try {
    keep(name, call(...args));
    count.answers += 1;
    // The kernel gives the number of a closed file to another one, which may be of Node or of another thread.
    if (/close/i.test(name)) forget(args[0]);
  } catch (error) {
    if (!(error instanceof Error)) throw new Error(`${name} threw no error`);
  } finally {
    if (name === 'watch.block' && typeof args[0] === 'number') closeQuietly(args[0]);
  }
}

/**
 * The addon takes any number. To write into a file of Node's own, to lock it or to change its mode is no mistake of the
 * addon, and would harm this machine: one of them is /dev/null.
 */
function isDescriptorOfNode(/** @type {string} */ kind, /** @type {unknown} */ value) {
  const isDescriptor = ['fd', 'fdOrNull', 'directory'].includes(kind);
  return isDescriptor && typeof value === 'number' && value < 1_000 && !open.includes(value);
}

/** @param {string} name @param {any} result */
function keep(name, result) {
  const fd = typeof result === 'number' && /open|find/.test(name) ? result : (result?.descriptor ?? null);
  if (typeof fd !== 'number' || open.includes(fd)) return;
  open.push(fd);
  if (open.length > MOST_OPEN) closeQuietly(/** @type {number} */ (open.splice(1, 1)[0]));
}

function forget(/** @type {any} */ fd) {
  const index = open.indexOf(fd);
  if (index > 0) open.splice(index, 1);
}

function closeQuietly(/** @type {number} */ fd) {
  try {
    addon.files.close(fd);
  } catch {
    // It was closed by a call before.
  }
}

const end = performance.now() + seconds * 1000;

function turn() {
  for (const until = performance.now() + TURN; performance.now() < until; ) callOne();
  if (performance.now() < end) setTimeout(turn, 0);
  else finish();
}

function finish() {
  if (isMainThread) {
    process.chdir('/');
    rmSync(home, { recursive: true, force: true });
    console.log(JSON.stringify({ seed, counts }));
  }
  process.exit(0);
}

/** A thread that does the same, and is terminated in the middle of it. */
function startWorker() {
  const worker = new Worker(new URL(import.meta.url), { workerData: [path, 1, below(2 ** 32), home] });
  worker.on('error', () => {});
  worker.on('exit', () => {
    if (performance.now() < end - 500) startWorker();
  });
  setTimeout(() => void worker.terminate(), 20 + below(300));
}

turn();
if (isMainThread) startWorker();
