// Tests the addon for Windows or macOS on the system itself, or in Wine: run it there with KERNEL_IDENTITY_BACKEND=native.
// Prints one line of JSON: how many checks there were, and which failed.
// Arguments, for the processes that it starts itself: a role, and what that needs.
import assert from 'node:assert/strict';
import { fork, spawn } from 'node:child_process';
import {
  closeSync,
  constants,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { api, currentBackend, loadThinAddon, loadThinBackend } from '../helpers/internals.mjs';

const SELF = fileURLToPath(import.meta.url);
const [role, ...args] = process.argv.slice(2);
const ROLES = { hold, tell, load };
/** ms; a busy machine under Wine takes a second to start a process. */
const PATIENCE = 30_000;
const IS_MACOS = process.platform === 'darwin';
/** Of open(2) on macOS: takes a shared lock of flock(2). */
const O_SHLOCK = 0x10;
const OTHER_BOOT = '00000000-0000-4000-8000-000000000000';

/** Takes a lock, says so, releases it when it is told to, and lives until it is killed. */
async function hold(path) {
  const lock = await api.acquireLock(path);
  process.on('message', () => lock.releaseSync());
  process.send?.(lock.owner);
  setInterval(() => {}, 1_000);
}

/** Says who it is, and lives until it is killed. */
function tell() {
  process.send?.(api.selfIdentity());
  setInterval(() => {}, 1_000);
}

/** Loads the backend in a program of another name. The pipes of Node in Wine do not work, so it answers by a file. */
function load(file) {
  writeFileSync(file, currentBackend().name);
}

async function main() {
  const failed = [];
  let passed = 0;
  for (const check of CHECKS) {
    const directory = mkdtempSync(join(tmpdir(), 'kernel-identity-addon-'));
    const children = [];
    try {
      await check({ directory, start: (...roleAndArgs) => startChild(children, roleAndArgs) });
      passed += 1;
    } catch (error) {
      failed.push(`${check.name}: ${error.stack}`);
    } finally {
      for (const child of children) child.kill('SIGKILL');
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    }
  }
  console.log(JSON.stringify({ node: process.version, arch: process.arch, passed, failed }));
  // Nothing that is watched may be left, but a watch that is would keep the process.
  process.exit(0);
}

/** Starts a process, and returns it and what it says of itself. */
async function startChild(children, roleAndArgs) {
  const child = fork(SELF, roleAndArgs, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  children.push(child);
  const said = await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`${roleAndArgs[0]} ended with ${code}`)));
  });
  return { child, said };
}

async function kill(child) {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

async function until(condition, what) {
  const end = performance.now() + PATIENCE;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`in vain: ${what}`);
    await sleep(5);
  }
}

/** A lock as an owner would have left it that could take no witness and has no lease: the process alone decides. */
function writeLockOf(directory, name, identity, changes = {}) {
  const path = join(directory, name);
  mkdirSync(path);
  const record = {
    pid: identity.pid,
    createdAtMs: Date.now(),
    version: 1,
    nonce: '0123456789abcdef0123456789abcdef',
    identity,
    filesystem: process.platform === 'win32' ? 'windows' : 'apfs',
    witness: null,
    lease: null,
    ...changes,
  };
  writeFileSync(join(path, 'owner.json'), JSON.stringify(record));
  return path;
}

/** Runs `use` while a waiter's looks come late, so that nothing but events can wake it. */
async function withoutLooks(use) {
  const { setTimeout: original } = globalThis;
  globalThis.setTimeout = (call, ms, ...rest) => original(call, ms > 50 ? ms + PATIENCE : ms, ...rest);
  try {
    return await use();
  } finally {
    globalThis.setTimeout = original;
  }
}

function newWords() {
  return new Int32Array(new SharedArrayBuffer(4));
}

/** The event loop does not run meanwhile. */
function blockUntil(condition) {
  const end = performance.now() + PATIENCE;
  while (!condition() && performance.now() < end);
}

async function verdictOf(path) {
  const { state, verdict } = await api.inspectLock(path);
  return `${state}: ${verdict?.reason}`;
}

const CHECKS = [
  function theBackendIsTheAddonAsked() {
    const { backend, capabilities } = api.dumpDiagnostics();
    assert.equal(backend.name, 'native');
    assert.equal(capabilities.pidfd.available, true, capabilities.pidfd.reason);
  },

  async function anIdentityIsWhatTheProcessSaysOfItself({ start }) {
    const before = Date.now() * 1000;
    const { child, said } = await start('tell');
    const seen = api.probeIdentity(child.pid);
    assert.equal(api.compareIdentities(said, seen), 'same');
    assert.equal(api.compareIdentities(said, api.selfIdentity()), 'different');
    assert.equal(api.compareIdentities(api.parseIdentity(api.formatIdentity(said)), seen), 'same');
    assert.equal(seen.pid, child.pid);
    assert.match(seen.bootId, /^[0-9a-f-]{36}$/);
    assert.equal(seen.bootIdNative, process.platform !== 'win32');
    assert.equal(seen.pidNamespace.inode, '0');
    const started = Number(seen.startTicks);
    assert.ok(
      started > before - 1_000_000 && started < Date.now() * 1000 + 1_000_000,
      `${started}, ${before}`,
    );
  },

  async function aNumberThatNobodyHasIsNobody({ start }) {
    const { child } = await start('tell');
    // Windows opens a process for three numbers more, and Node's kill(pid, 0) says that these are there.
    if (process.platform === 'win32') {
      for (const more of [1, 2, 3]) assert.equal(api.probeIdentity(child.pid + more), null);
    }
    assert.equal(api.probeIdentity(2 ** 31 - 1), null);
  },

  async function theProcessDecidesWhereNoWitnessDoes({ directory, start }) {
    const { child, said } = await start('tell');
    const started = String(BigInt(said.startTicks) + 1n);
    const locks = {
      own: [said, 'held: process-running', /^stale: (no-such-process|process-exited)$/],
      reused: [{ ...said, startTicks: started, pidfdInode: null }, 'stale: pid-reused', /^stale/],
      otherBoot: [{ ...said, bootId: OTHER_BOOT }, 'unknown: other-boot', /^unknown: other-boot$/],
    };
    const without = {
      boot: { bootId: null, bootIdNative: null },
      namespace: { pidNamespace: { inode: null, id: null } },
    };
    for (const [name, fields] of Object.entries(without)) {
      locks[name] = [
        { ...said, ...fields },
        'unknown: not-enough-recorded',
        /^unknown: not-enough-recorded$/,
      ];
    }
    const paths = {};
    for (const [name, [identity, living]] of Object.entries(locks)) {
      paths[name] = writeLockOf(directory, `${name}.lock`, identity);
      assert.equal(await verdictOf(paths[name]), living, name);
    }
    const nameless = { ...said, startTicks: null, pidfdInode: null };
    const bare = writeLockOf(directory, 'bare.lock', nameless);
    assert.match(await verdictOf(bare), /^unknown/);
    const elsewhere = writeLockOf(directory, 'elsewhere.lock', said, {
      filesystem: 'nfs',
      lease: { durationMs: 9e6 },
    });
    assert.match(await verdictOf(elsewhere), /^(held|unknown)/);
    await kill(child);
    for (const [name, [, , dead]] of Object.entries(locks))
      assert.match(await verdictOf(paths[name]), dead, name);
    // A lock that other kernels can see is not taken for what this one knows.
    assert.match(await verdictOf(elsewhere), /^unknown/);
    assert.equal((await api.reclaimLock(paths.own)).reclaimed, true);
  },

  async function aProcessThatEndedIsDeadWhileSomebodyHasAHandle({ directory }) {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    const identity = api.probeIdentity(child.pid);
    const path = writeLockOf(directory, 'x.lock', identity);
    assert.equal(await verdictOf(path), 'held: process-running');
    child.kill('SIGKILL');
    // Node closes its handle in the event loop. macOS keeps a zombie.
    blockUntil(() => api.inspectLockSync(path).state !== 'held');
    assert.match(api.inspectLockSync(path).verdict.reason, /^(process-exited|no-such-process)$/);
  },

  async function theEndOfAProcessIsWrittenIntoAWord({ start }) {
    const { child } = await start('tell');
    const watch = api.watchOwner(api.probeIdentity(child.pid));
    assert.equal(watch.event, true);
    assert.equal(watch.alive, true);
    await sleep(50);
    assert.equal(watch.alive, true);
    child.kill('SIGKILL');
    blockUntil(() => !watch.alive);
    assert.deepEqual([watch.verdict.state, watch.verdict.reason], ['dead', 'pidfd-exited']);
    watch.close();
  },

  async function aProcessThatIsGoneIsNotWatched({ start }) {
    const { child } = await start('tell');
    const { processes, watch, files } = currentBackend();
    const pidfd = processes.openPidfd(child.pid);
    await kill(child);
    assert.equal(processes.pidfdExited(pidfd), true);
    const words = newWords();
    watch.cancel(watch.onExit(pidfd, words, 0));
    await until(() => words[0] === 1, 'the word');
    await new Promise((resolve) => watch.onLockChange(0, pidfd, resolve));
    files.close(pidfd);
    assert.throws(() => files.close(pidfd), { code: 'EBADF' });
  },

  async function aWatchOfAnotherProcessUnderTheNumberReportsTheEnd({ start }) {
    // The addon watches whoever has the number. Here that is another process than the one that was meant.
    const [meant, other] = await Promise.all([start('tell'), start('tell')]);
    const addon = loadThinAddon();
    const swapped = { pid: meant.child.pid };
    const { processes, watch } = loadThinBackend(process.platform, {
      ...addon,
      probe: (pid) => addon.probe(pid === meant.child.pid ? swapped.pid : pid),
    });
    const pidfd = processes.openPidfd(meant.child.pid);
    assert.equal(processes.pidfdExited(pidfd), false);
    swapped.pid = other.child.pid;
    assert.equal(processes.pidfdExited(pidfd), true);
    const words = newWords();
    watch.onExit(pidfd, words, 0);
    assert.equal(words[0], 1);
  },

  async function aWaiterHasTheLockOfAKilledOwner({ directory, start }) {
    const path = join(directory, 'x.lock');
    const { child, said } = await start('hold', path);
    assert.equal(said.identity.platform, process.platform);
    assert.equal('starttime' in JSON.parse(readFileSync(join(path, 'owner.json'), 'utf8')), false);
    assert.equal(await verdictOf(path), 'held: witness-held');
    const waiting = api.acquireLock(path, { timeout: PATIENCE });
    await sleep(200);
    child.kill('SIGKILL');
    const lock = await waiting;
    assert.equal(lock.verify(), true);
    assert.match(await verdictOf(path), /^held/);
    await lock.release();
  },

  async function aReleaseIsSeenWithoutAnEvent({ directory }) {
    const path = join(directory, 'x.lock');
    const first = await api.acquireLock(path);
    const waiting = api.acquireLock(path, { timeout: 2_000 + PATIENCE });
    await sleep(300);
    const releasedAt = performance.now();
    await first.release();
    await (await waiting).release();
    assert.ok(performance.now() - releasedAt < 5_000);
  },

  async function aWaiterIsWokenByAReleaseAndByADeath({ directory, start }) {
    // Windows has no event of a release.
    if (!IS_MACOS) return;
    for (const end of [({ child }) => child.send('release'), ({ child }) => kill(child)]) {
      const path = join(directory, 'x.lock');
      const owner = await start('hold', path);
      const startedAt = performance.now();
      await withoutLooks(async () => {
        const waiting = api.acquireLock(path, { timeout: PATIENCE });
        await sleep(200);
        await end(owner);
        await (await waiting).release();
      });
      assert.ok(performance.now() - startedAt < PATIENCE, 'nothing woke the waiter');
    }
  },

  async function aReleaseAndADeathAreWrittenIntoAWord({ directory, start }) {
    if (!IS_MACOS) return;
    for (const end of [({ child }) => child.send('release'), ({ child }) => child.kill('SIGKILL')]) {
      const path = join(directory, 'x.lock');
      const owner = await start('hold', path);
      const watch = api.watchOwner(owner.said, { lock: path });
      assert.equal(watch.event, true);
      await sleep(50);
      assert.equal(watch.alive, true);
      end(owner);
      blockUntil(() => !watch.alive);
      assert.deepEqual([watch.verdict.state, watch.verdict.reason], ['dead', 'witness-free']);
      watch.close();
      await kill(owner.child);
      await api.reclaimLock(path);
    }
  },

  function aWitnessThatNobodyHoldsIsNotWatched({ directory }) {
    const { files, watch } = currentBackend();
    const path = join(directory, 'a');
    writeFileSync(path, '');
    const file = files.openAt(files.openParent(directory), 'a');
    assert.equal(watch.onRelease(file, newWords(), 0), 'ENOTSUP');
    files.close(file);
  },

  async function testsOfAFreeWitnessWakeNobodyAgain({ directory }) {
    if (!IS_MACOS) return;
    const path = join(directory, 'a');
    writeFileSync(path, '');
    const file = openSync(path, constants.O_RDONLY);
    const addon = loadThinAddon();
    let calls = 0;
    const ticket = addon.watchFile(file, null, 0, () => {
      calls += 1;
    });
    await until(() => calls > 0, 'that it is free');
    for (let test = 0; test < 20; test += 1) {
      closeSync(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | O_SHLOCK));
      await sleep(2);
    }
    assert.equal(calls, 1);
    addon.cancel(ticket);
    closeSync(file);
  },

  async function threadsThatAreTerminatedLeaveNoWatchBehind({ directory, start }) {
    const { child } = await start('tell');
    writeFileSync(join(directory, 'a'), '');
    const internals = new URL('../../build/modules/internals.js', import.meta.url).href;
    const text = `import(${JSON.stringify(internals)}).then(({ currentBackend }) => {
      const { processes, files, watch } = currentBackend();
      const pidfd = processes.openPidfd(${child.pid});
      watch.onExit(pidfd, new Int32Array(new SharedArrayBuffer(4)), 0);
      const file = files.openAt(files.openParent(${JSON.stringify(directory)}), 'a');
      watch.onLockChange(0, pidfd, () => {}, file);
      require('node:worker_threads').parentPort.postMessage(1);
    });`;
    const workers = Array.from({ length: 4 }, () => new Worker(text, { eval: true }));
    await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))));
    // Two end before the process does, and two at about the same time.
    await Promise.all(workers.slice(0, 2).map((worker) => worker.terminate()));
    await Promise.all([kill(child), ...workers.slice(2).map((worker) => worker.terminate())]);
    // Windows keeps a process that has ended for as long as somebody has a handle of it.
    const addon = loadThinAddon();
    await until(() => addon.probe(child.pid).hasExited !== true, 'the last handle of the process');
  },

  async function aProgramOfAnotherNameLoadsIt({ directory }) {
    const program = join(
      directory,
      process.platform === 'win32' ? 'renamed-electron.exe' : 'renamed-electron',
    );
    copyFileSync(process.execPath, program);
    const answer = join(directory, 'answer');
    const child = spawn(program, [SELF, 'load', answer], { stdio: ['ignore', 'inherit', 'inherit'] });
    const code = await new Promise((resolve) => child.once('exit', resolve));
    assert.deepEqual([code, readFileSync(answer, 'utf8')], [0, 'native']);
  },

  function wrongArgumentsAreErrorsAndNoCrash() {
    const addon = loadThinAddon();
    const shared = newWords();
    const wrong = [
      ...['x', -1, 0, 0.5, 2 ** 31, 2 ** 60, Number.NaN, undefined, null, {}, 1n].map(
        (pid) => () => addon.probe(pid),
      ),
      () => addon.watchEnd(process.pid, new Int32Array(1), 0, null),
      () => addon.watchEnd(process.pid, new Uint8Array(shared.buffer), 0, null),
      () => addon.watchEnd(process.pid, shared, 1, null),
      () => addon.watchEnd(process.pid, shared, -1, null),
      () => addon.watchEnd(process.pid, null, 0, null),
      () => addon.watchEnd(),
      ...['x', -1, 0.5, 2 ** 31, null].map((file) => () => addon.watchFile(file, shared, 0, null)),
      () => addon.watchFile(0, new Int32Array(1), 0, null),
      () => addon.watchFile(0, null, 0, null),
      () => addon.watchFile(),
      () => addon.cancel(-1),
      () => addon.cancel('x'),
      () => addon.volume(),
      () => addon.volume(7),
      () => addon.testWitness('x'),
      () => addon.testWitness(2 ** 40),
    ];
    for (const call of wrong)
      assert.throws(call, { code: /^ERR_(INVALID_ARG_TYPE|OUT_OF_RANGE)$/ }, String(call));
    assert.equal(addon.cancel(12345), undefined);
    for (const path of ['', 'a\0b', `${tmpdir()}\0`, 'x'.repeat(70_000), '\ud800'])
      assert.equal(addon.volume(path), null);
    assert.equal(addon.testWitness(12345), 'untestable');
    assert.equal(addon.watchFile(12345, shared, 0, null), IS_MACOS ? 'EPERM' : 'ENOTSUP');
  },

  async function manyLooksAndWatchesLeaveNothingOpen({ directory }) {
    const addon = loadThinAddon();
    const words = newWords();
    writeFileSync(join(directory, 'a'), '');
    const file = openSync(join(directory, 'a'), 'r');
    const round = (times) => {
      for (let time = 0; time < times; time += 1) {
        addon.probe(process.pid);
        addon.volume(tmpdir());
        if (time % 10 > 0) continue;
        addon.cancel(addon.watchEnd(process.pid, words, 0, null));
        if (IS_MACOS) addon.cancel(addon.watchFile(file, null, 0, () => {}));
      }
    };
    const descriptors = IS_MACOS ? readdirSync('/dev/fd').length : 0;
    round(200);
    const before = process.memoryUsage.rss();
    round(2_000);
    assert.ok(process.memoryUsage.rss() - before < 20_000_000, 'memory grows');
    assert.equal(words[0], 0);
    closeSync(file);
    // A descriptor of the addon is closed once the system has let go of it.
    const isOpen = () => readdirSync('/dev/fd').length > descriptors;
    if (IS_MACOS) await until(() => !isOpen(), 'the last descriptor');
  },
];

if (role !== undefined) await ROLES[role](...args);
else await main();
