// What every runtime must keep, told by the installed package itself; a plain program, because vitest does not run
// in all of them. Usage: contract.mjs BACKEND [COMMAND...]; COMMAND runs a script in this same runtime.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  acquireLock,
  acquireLockSync,
  compareIdentities,
  dumpDiagnostics,
  formatIdentity,
  inspectLockSync,
  judgeOwner,
  parseIdentity,
  probeIdentity,
  reclaimLockSync,
  selfIdentity,
  tryAcquireLockSync,
  watchOwner,
  withLock,
} from 'kernel-identity';

const [backend, ...given] = process.argv.slice(2);
const runtime = given.length > 0 ? given : [process.execPath];
const OWNER = fileURLToPath(new URL('contract-owner.mjs', import.meta.url));

const work = mkdtempSync(join(tmpdir(), 'kernel-identity-contract-'));
const owners = new Set();
let locks = 0;
const newLock = () => join(work, `lock-${++locks}`);

const checks = {
  'the expected backend is the one that answers': () => {
    assert.equal(dumpDiagnostics().backend.name, backend);
  },

  'the own identity is that of the own PID, and survives its text form': () => {
    const self = selfIdentity();
    const probed = probeIdentity(process.pid);
    assert.equal(self.pid, process.pid);
    assert.equal(compareIdentities(self, probed), 'same');
    assert.equal(compareIdentities(parseIdentity(formatIdentity(self)), probed), 'same');
    assert.notEqual(self.startTicks, null);
    assert.notEqual(self.bootId, null);
  },

  'a process says of itself what others see of it': async () => {
    const owner = await startOwner(newLock());
    const seen = probeIdentity(owner.identity.pid);
    assert.deepEqual(
      [owner.identity.startTicks, owner.identity.bootId, owner.identity.pidfdInode],
      [seen.startTicks, seen.bootId, seen.pidfdInode],
    );
    await owner.kill();
  },

  'nobody has no identity': () => assert.equal(probeIdentity(4_194_305), null),

  'another process is another, alive while it lives and dead after it was killed': async () => {
    const owner = await startOwner(newLock());
    assert.equal(compareIdentities(owner.identity, selfIdentity()), 'different');
    assert.equal(judgeOwner(owner.identity).state, 'alive');
    await owner.kill();
    assert.equal(judgeOwner(owner.identity).state, 'dead');
  },

  'the same number born at another time is another process': () => {
    const self = selfIdentity();
    const earlier = { ...self, startTicks: String(BigInt(self.startTicks) - 1000n), pidfdInode: null };
    assert.equal(compareIdentities(earlier, self), 'different');
    assert.equal(judgeOwner(earlier).state, 'dead');
  },

  'a lock is a directory with its owner in it, and gone when it is released': () => {
    const path = newLock();
    const lock = acquireLockSync(path);
    assert.equal(JSON.parse(readFileSync(join(path, 'owner.json'), 'utf8')).pid, process.pid);
    assert.equal(inspectLockSync(path).state, 'held');
    assert.equal(lock.verify(), true);
    lock.release();
    assert.equal(inspectLockSync(path).state, 'free');
  },

  'a lock that another process holds is not given, nor reclaimed': async () => {
    const path = newLock();
    const owner = await startOwner(path);
    assert.equal(inspectLockSync(path).state, 'held');
    assert.equal(tryAcquireLockSync(path), null);
    assert.equal(reclaimLockSync(path).reclaimed, false);
    await assert.rejects(acquireLock(path, { timeout: 100 }), { code: 'ERR_LOCK_TIMEOUT' });
    await owner.kill();
  },

  'a lock whose owner was killed is stale, and taken at once': async () => {
    const path = newLock();
    const owner = await startOwner(path);
    await owner.kill();
    assert.equal(inspectLockSync(path).state, 'stale');
    const started = performance.now();
    const lock = await acquireLock(path, { timeout: 10_000 });
    assert.ok(performance.now() - started < 2000);
    await lock.release();
  },

  'whoever waits gets the lock when its owner lets it go': async () => {
    const path = newLock();
    const owner = await startOwner(path);
    const waiting = acquireLock(path, { timeout: 20_000 });
    await sleep(200);
    owner.letGo();
    await (await waiting).release();
    await owner.ended;
  },

  'whoever waits gets the lock when its owner is killed': async () => {
    const path = newLock();
    const owner = await startOwner(path);
    const waiting = acquireLock(path, { timeout: 20_000 });
    await sleep(200);
    await owner.kill();
    await (await waiting).release();
  },

  'a watch says alive, and dead after the death': async () => {
    const owner = await startOwner(newLock());
    const watch = watchOwner(owner.identity);
    assert.equal(watch.alive, true);
    await owner.kill();
    const deadline = performance.now() + 5000;
    while (watch.alive && performance.now() < deadline) await sleep(5);
    assert.equal(watch.alive, false);
    watch.close();
  },

  'withLock returns what its function returns, and keeps others out meanwhile': async () => {
    const path = newLock();
    const result = await withLock(path, () => tryAcquireLockSync(path) ?? 'nobody else');
    assert.equal(result, 'nobody else');
    assert.equal(inspectLockSync(path).state, 'free');
  },
};

async function startOwner(path) {
  const [program, ...args] = runtime;
  const child = spawn(program, [...args, OWNER, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  owners.add(child);
  const ended = once(child, 'exit').finally(() => owners.delete(child));
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), ended.then(() => [])]);
  if (line === undefined) throw new Error('the owner ended early');
  return {
    identity: parseIdentity(line),
    ended,
    letGo: () => child.stdin.end(),
    kill: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`ok      ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAILED  ${name}\n${error.stack}`);
  }
}
for (const child of owners) child.kill('SIGKILL');
rmSync(work, { recursive: true, force: true });
console.log(`${Object.keys(checks).length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
