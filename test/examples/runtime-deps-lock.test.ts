import { existsSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
// @ts-expect-error an example in plain JavaScript
import * as dropIn from '../../examples/runtime-deps-lock/runtime-lock.mjs';
import { fixture, startProcess, type TestProcess } from '../helpers/processes.js';
import { tempDir } from '../helpers/temp-dir.js';

const NAME = '.openclaw-runtime-mirror.lock';

describe('the drop-in for the runtime dependencies lock', () => {
  let root: string;
  let lockDir: string;

  beforeEach(() => {
    root = tempDir();
    lockDir = join(root, NAME);
    vi.spyOn(console, 'warn').mockImplementation(() => {});
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  function oldGateway(): Promise<TestProcess> {
    return startProcess([process.execPath, fixture('old-runtime-lock.mjs'), lockDir]);
  }

  function newGateway(): Promise<TestProcess> {
    return startProcess([process.execPath, fixture('new-runtime-lock.mjs'), root, NAME]);
  }

  async function saysNothing(process: TestProcess): Promise<void> {
    const line = await Promise.race([process.line(10_000), sleep(400, 'nothing')]);
    expect(line).toBe('nothing');
  }

  it('keeps an owner.json that an older reader understands', () => {
    dropIn.withLockSync(root, NAME, () => {
      const text = readFileSync(join(lockDir, 'owner.json'), 'utf8');
      const owner = JSON.parse(text);
      expect(text).toBe(`${JSON.stringify(owner, null, 2)}\n`);
      expect(owner.pid).toBe(process.pid);
      expect(Math.abs(owner.createdAtMs - Date.now())).toBeLessThan(5_000);
      const stat = readFileSync('/proc/self/stat', 'utf8');
      const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
      expect(owner.starttime).toBe(ticks);
    });
  });

  it('returns what run returns, throws what run throws, and releases either way', async () => {
    expect(dropIn.withLockSync(root, NAME, () => 42)).toBe(42);
    expect(await dropIn.withLock(root, NAME, async () => 43)).toBe(43);
    expect(() =>
      dropIn.withLockSync(root, NAME, () => {
        throw new Error('broken');
      }),
    ).toThrow('broken');
    await expect(dropIn.withLock(root, NAME, () => Promise.reject(new Error('late')))).rejects.toThrow(
      'late',
    );
    expect(existsSync(lockDir)).toBe(false);
  });

  it('waits for a live older gateway, and goes on when it releases', async () => {
    const old = await oldGateway();
    expect(await old.line()).toBe('acquired');
    const ours = await newGateway();
    const answer = ours.line(10_000);
    expect(await Promise.race([answer, sleep(400, 'nothing')])).toBe('nothing');
    old.send('release');
    expect(await answer).toBe('acquired');
  });

  it('makes a live older gateway wait, and lets it go on', async () => {
    const ours = await newGateway();
    expect(await ours.line()).toBe('acquired');
    const old = await oldGateway();
    const answer = old.line(10_000);
    expect(await Promise.race([answer, sleep(400, 'nothing')])).toBe('nothing');
    ours.send('release');
    expect(await answer).toBe('acquired');
  });

  it('reclaims the lock of an older gateway that was killed', async () => {
    const old = await oldGateway();
    expect(await old.line()).toBe('acquired');
    await old.kill();
    expect(dropIn.withLockSync(root, NAME, () => 'in')).toBe('in');
  });

  it('leaves a lock that an older gateway can reclaim when it is killed', async () => {
    const ours = await newGateway();
    expect(await ours.line()).toBe('acquired');
    await ours.kill();
    const old = await oldGateway();
    expect(await old.line()).toBe('acquired');
  });

  it('reclaims at once the record of a previous life under the own PID, in every older form', () => {
    const before = Date.now() - 3_600_000;
    const records = [
      { pid: process.pid, createdAtMs: before },
      { pid: process.pid, startedAt: new Date(before).toISOString() },
      { pid: process.pid, starttime: 1, createdAtMs: before },
    ];
    for (const record of records) {
      mkdirSync(lockDir);
      const file = join(lockDir, 'owner.json');
      writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`);
      utimesSync(file, before / 1000, before / 1000);
      const started = performance.now();
      expect(dropIn.withLockSync(root, NAME, () => 'in')).toBe('in');
      expect(performance.now() - started).toBeLessThan(1_000);
    }
  });

  it('gives an older gateway 30 s between its mkdir and its owner.json', async () => {
    mkdirSync(lockDir);
    const fresh = new Date(Date.now() - 20_000);
    utimesSync(lockDir, fresh, fresh);
    const inode = statSync(lockDir).ino;
    const ours = await newGateway();
    await saysNothing(ours);
    expect(statSync(lockDir).ino).toBe(inode);
    await ours.kill();

    const old = new Date(Date.now() - 31_000);
    utimesSync(lockDir, old, old);
    expect(dropIn.withLockSync(root, NAME, () => 'in')).toBe('in');
  });
});
