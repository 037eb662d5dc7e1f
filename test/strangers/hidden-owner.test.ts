import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { onCleanup } from '../helpers/cleanup.js';
import { NOBODY } from '../helpers/crafted.js';
import { describeForEachBackend } from '../helpers/package.js';
import { startProcess } from '../helpers/processes.js';
import { tempDir } from '../helpers/temp-dir.js';
import { type HiddenOwner, hiddenOwners, type World } from '../judge/strangers/hidden-owner.js';

/** With KI_FUZZ=1 a few thousand, on each backend. */
const RUNS = process.env.KI_FUZZ === undefined ? 60 : 3000;

/** A process that the test has not started: the workers of an owner are never its observer's children. */
async function startOrphan(): Promise<number> {
  const shell = await startProcess(['sh', '-c', 'sleep 600 >/dev/null 2>&1 & echo $!']);
  const pid = Number(await shell.line());
  onCleanup(() => void process.kill(pid, 'SIGKILL'));
  await shell.exited;
  return pid;
}

describeForEachBackend('a living process that is hidden in a file', (api) => {
  async function startOwner(): Promise<(nowMs: number) => World> {
    const pid = await startOrphan();
    // The birth times of /proc have a resolution of 10 ms, and the record must be later than the birth.
    await sleep(30);
    const bootedMs = Date.now() - uptime() * 1000;
    const born = bootedMs + Number(api.probeIdentity(pid)?.startTicks) * 10;
    const known = { living: pid, gone: NOBODY, bootedMs };
    return (nowMs) => ({ ...known, nowMs, times: fc.constant({ born, written: nowMs }) });
  }

  test('is never taken for dead, and its file is never removed', async () => {
    const path = join(tempDir(), 'x.lock');
    const directory = join(tempDir(), 'directory.lock');
    mkdirSync(directory);
    const worldAt = await startOwner();
    for (let run = 0; run < RUNS; run++) {
      const owners = hiddenOwners(worldAt(Date.now()));
      const [{ hiding, fields, mtimeMs }] = fc.sample(owners, 1) as [HiddenOwner];
      const text = JSON.stringify(fields);
      for (const file of [path, join(directory, 'owner.json')]) {
        writeFileSync(file, text);
        utimesSync(file, mtimeMs / 1000, mtimeMs / 1000);
      }
      for (const lock of [path, directory]) {
        expect(api.inspectLockSync(lock).state, `${hiding}: ${text}`).not.toBe('stale');
      }
      expect(api.tryAcquireLockSync(directory), text).toBeNull();
      expect(readFileSync(join(directory, 'owner.json'), 'utf8')).toBe(text);
    }
  });
});
