// Tests the addon for Windows or macOS on the system itself, or in Wine: run it there with KERNEL_IDENTITY_BACKEND=native.
// Prints one line of JSON: how many checks there were, and which failed.
// Arguments, for the processes that it starts itself: a role, and what that needs.
import assert from 'node:assert/strict';
import { fork, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
const OTHER_BOOT = '00000000-0000-4000-8000-000000000000';

/** Takes a lock, says so, and lives until it is killed. */
async function hold(path) {
  const { owner } = await api.acquireLock(path);
  process.send?.(owner);
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
    // Node closes its handle in the event loop, which does not run here. macOS keeps a zombie.
    const end = performance.now() + PATIENCE;
    while (api.inspectLockSync(path).state === 'held' && performance.now() < end);
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
    // The event loop does not run meanwhile.
    const end = performance.now() + PATIENCE;
    while (watch.alive && performance.now() < end);
    assert.deepEqual([watch.verdict.state, watch.verdict.reason], ['dead', 'pidfd-exited']);
    watch.close();
  },

  async function aProcessThatIsGoneIsNotWatched({ start }) {
    const { child } = await start('tell');
    const { processes, watch, files } = currentBackend();
    const pidfd = processes.openPidfd(child.pid);
    await kill(child);
    assert.equal(processes.pidfdExited(pidfd), true);
    const words = new Int32Array(new SharedArrayBuffer(4));
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
    const words = new Int32Array(new SharedArrayBuffer(4));
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

  async function threadsThatAreTerminatedLeaveNoWatchBehind({ start }) {
    const { child } = await start('tell');
    const internals = new URL('../../build/modules/internals.js', import.meta.url).href;
    const text = `import(${JSON.stringify(internals)}).then(({ currentBackend }) => {
      const { processes, watch } = currentBackend();
      const pidfd = processes.openPidfd(${child.pid});
      watch.onExit(pidfd, new Int32Array(new SharedArrayBuffer(4)), 0);
      watch.onLockChange(0, pidfd, () => {});
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
    const shared = new Int32Array(new SharedArrayBuffer(4));
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
  },

  function manyLooksAndWatchesLeaveNothingOpen() {
    const addon = loadThinAddon();
    const words = new Int32Array(new SharedArrayBuffer(4));
    const round = (times) => {
      for (let time = 0; time < times; time += 1) {
        addon.probe(process.pid);
        addon.volume(tmpdir());
        addon.cancel(addon.watchEnd(process.pid, words, 0, null));
      }
    };
    round(200);
    const before = process.memoryUsage.rss();
    round(2_000);
    assert.ok(process.memoryUsage.rss() - before < 20_000_000, 'memory grows');
    assert.equal(words[0], 0);
  },
];

if (role !== undefined) await ROLES[role](...args);
else await main();
