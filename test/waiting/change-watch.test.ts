import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import type { WatchOperations } from '../../src/backend/backend.js';
import { ownerFile, writeLock } from '../helpers/crafted.js';
import { describeForBackends } from '../helpers/package.js';
import { pretendFilesystem } from '../helpers/pretend-filesystem.js';
import { startProcess } from '../helpers/processes.js';
import { tempDir } from '../helpers/temp-dir.js';

// A waiter with a complete change watch looks again by itself only after 15 s. If it has the lock within this
// time, it was woken, looked once more, or knew that it must poll.
const SOON_MS = 3000;
const TIMEOUT_MS = 9000;

afterEach(() => {
  vi.restoreAllMocks();
});

describeForBackends(['native'], 'a waiter in this process', (api) => {
  const watch = () => api.backend.watch as WatchOperations;

  /** Makes the lock of an older program that runs `command`. */
  async function olderLock(command: readonly string[] = ['cat']) {
    const path = join(tempDir(), 'install.lock');
    const older = await startProcess(command);
    writeLock(path, { pid: older.pid, createdAtMs: Date.now() });
    return { path, older };
  }

  async function timed(waiting: Promise<{ releaseSync(): void }>): Promise<number> {
    const started = performance.now();
    (await waiting).releaseSync();
    return performance.now() - started;
  }

  /** Frees the lock without an event: nothing watches it yet, and nothing happens to it afterwards. */
  function retire(path: string): void {
    renameSync(ownerFile(path), join(path, `retired.${'0'.repeat(32)}`));
  }

  test('looks once more when its watch is set', async () => {
    const { path } = await olderLock();
    const { onLockChange } = watch();
    vi.spyOn(watch(), 'onLockChange').mockImplementation((...parameters) => {
      retire(path);
      return onLockChange(...parameters);
    });
    expect(await timed(api.acquireLock(path, { timeout: TIMEOUT_MS }))).toBeLessThan(SOON_MS);
  });

  test('that blocks looks once more when its watch is set', async () => {
    const { path } = await olderLock();
    const { openChangeMonitor } = watch();
    vi.spyOn(watch(), 'openChangeMonitor').mockImplementation((directory) => {
      retire(path);
      return openChangeMonitor(directory);
    });
    const started = performance.now();
    api.acquireLockSync(path, { timeout: TIMEOUT_MS }).releaseSync();
    expect(performance.now() - started).toBeLessThan(SOON_MS);
  });

  test('polls where other machines change a filesystem without an event', async () => {
    const { path } = await olderLock();
    pretendFilesystem(api.backend, 'nfs');
    vi.spyOn(watch(), 'onLockChange').mockReturnValue(4711);
    vi.spyOn(watch(), 'cancel').mockReturnValue();
    const waiting = api.acquireLock(path, { timeout: TIMEOUT_MS });
    await sleep(300);
    rmSync(path, { recursive: true });
    expect(await timed(waiting)).toBeLessThan(SOON_MS);
  });

  test("polls for the death of an older program's process that it cannot open", async () => {
    const { path, older } = await olderLock();
    const scarce = vi.spyOn(api.backend.processes, 'openPidfd').mockReturnValue('EMFILE');
    const { onLockChange } = watch();
    vi.spyOn(watch(), 'onLockChange').mockImplementation((...parameters) => {
      scarce.mockRestore();
      return onLockChange(...parameters);
    });
    const waiting = api.acquireLock(path, { timeout: TIMEOUT_MS });
    await sleep(300);
    await older.kill();
    expect(await timed(waiting)).toBeLessThan(SOON_MS);
  });

  test('that blocks is told once of an exit that changes nothing', async () => {
    // While this thread is blocked, the process stays a zombie because Node cannot reap it.
    const { path } = await olderLock(['sleep', '0.3']);
    const block = vi.spyOn(watch(), 'block');
    expect(() => api.acquireLockSync(path, { legacy: 'unknown', timeout: 1000 })).toThrow(
      expect.objectContaining({ code: 'ERR_LOCK_TIMEOUT' }),
    );
    expect(block.mock.results.map(({ value }) => value).filter((what) => what === 'exit')).toHaveLength(1);
  });

  test('heeds an abort by its own onWait at once', async () => {
    const { path } = await olderLock();
    const controller = new AbortController();
    const onWait = () => controller.abort(new Error('enough'));
    const started = performance.now();
    const waiting = api.acquireLock(path, { signal: controller.signal, onWait, timeout: TIMEOUT_MS });
    await expect(waiting).rejects.toThrow('enough');
    expect(performance.now() - started).toBeLessThan(SOON_MS);
  });
});
