import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { startAgent } from '../helpers/agent.js';
import { hasBackend, TESTED } from '../helpers/backends.js';
import { openBox } from '../helpers/box.js';
import { mountKernel } from '../helpers/mounts.js';
import { hasProgram, isBuilt, isolationTest, isRoot } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';

const SOURCE = fileURLToPath(new URL('fixtures/exec_on_signal.c', import.meta.url));

/** ms */
const LEASE = 1_000;

const PLACES = { 'the disk': () => tempDir(), ramfs: () => mountKernel('ramfs') };

// The process lives on under its number, but the program that held the lock is gone.
for (const backend of TESTED) {
  for (const [place, mount] of Object.entries(PLACES)) {
    for (const isSibling of [false, true]) {
      // On ramfs plain Node sees a process that lives, and nothing else.
      if (backend === 'procfs' && place === 'ramfs' && !isSibling) continue;
      const where = isSibling ? 'another container' : 'the same container';
      isolationTest(`a lock whose owner runs another program since exec is free: on ${place} (${backend} observer in ${where})`, async () => {
        const library = join(tempDir(), 'exec_on_signal.so');
        execFileSync('gcc', ['-shared', '-fPIC', '-o', library, SOURCE]);
        const path = join(mount(), 'x.lock');
        const box = await openBox();
        const through = ['env', `LD_PRELOAD=${library}`];
        const owner = await startAgent({ box, backend: 'native', through });
        const observer = await startAgent({ box: isSibling ? await openBox() : box, backend });
        // With the addon nobody waits for the lease, which is 30 s.
        await owner.acquire(path, backend === 'native' ? {} : { lease: LEASE });
        expect(await observer.tryAcquire(path)).toBeNull();
        process.kill(owner.hostPid, 'SIGUSR2');
        await until('the other program runs', () => commandOf(owner.hostPid) === 'sleep');
        await observer.acquire(path, { timeout: 9_000 });
        expect(commandOf(owner.hostPid)).toBe('sleep');
      }, [isBuilt(), hasBackend('native'), isRoot(), hasProgram('gcc')]);
    }
  }
}

function commandOf(hostPid: number): string {
  return readFileSync(`/proc/${hostPid}/comm`, 'utf8').trim();
}
