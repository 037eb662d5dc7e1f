import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { hasBackend, type TestedName } from '../helpers/backends.js';
import { startProcess, type TestProcess } from '../helpers/processes.js';
import { describeRequiring, isBuilt, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

const TURNS_SCRIPT = fileURLToPath(new URL('turns.mjs', import.meta.url));
const PROCESSES = 16;
const TURNS = 25;
/** ms that all turns together may take. A wake-up that got lost costs 15 s. */
const ALL_MS = 60_000;

interface Turns {
  /** ms that each turn waited. */
  readonly waits: readonly number[];
  readonly intrusions: number;
}

const CROWDS: Record<string, (index: number) => [call: string, backend: TestedName]> = {
  'waiting asynchronously': () => ['acquireLock', 'native'],
  'waiting synchronously': () => ['acquireLockSync', 'native'],
  'of both kinds, some without the addon': (index) => [
    index % 2 === 0 ? 'acquireLock' : 'acquireLockSync',
    index % 4 === 3 ? 'procfs' : 'native',
  ],
};

describeRequiring([isBuilt(), hasBackend('native')], `${PROCESSES} processes that want one lock`, () => {
  for (const [kind, member] of Object.entries(CROWDS)) {
    testRequiring(
      [],
      `${kind}: everybody gets it ${TURNS} times, one after the other, and nobody starves`,
      async () => {
        const path = join(tempDir(), 'install.lock');
        const processes = await Promise.all(
          Array.from({ length: PROCESSES }, (_, index) => start(path, ...member(index))),
        );
        for (const each of processes) each.send('go');
        const results = await Promise.all(processes.map((each) => each.message<Turns>(ALL_MS)));

        const waits = results.flatMap((result) => result.waits).sort((a, b) => a - b);
        const at = (share: number) => Math.round(waits[Math.floor(share * (waits.length - 1))] as number);
        const slowest = Math.max(...results.map((result) => result.waits.reduce((sum, ms) => sum + ms, 0)));
        console.log(
          `${PROCESSES} processes ${kind}: a turn waits p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, at most ${at(1)} ms; ` +
            `the unluckiest waited ${Math.round(slowest)} ms for its ${TURNS} turns`,
        );
        expect(results.map(({ intrusions }) => intrusions)).toEqual(results.map(() => 0));
        expect(waits).toHaveLength(PROCESSES * TURNS);
        // A fair turn comes after 16 x (2 ms + handing over). The bound shows that no process is left out for
        // most of the run.
        expect(at(1)).toBeLessThan(12_000);
        expect(readdirSync(join(path, '..'))).toEqual([]);
      },
      90_000,
    );
  }
});

async function start(path: string, call: string, backend: TestedName): Promise<TestProcess> {
  const command = [process.execPath, TURNS_SCRIPT, path, String(TURNS), call];
  const started = await startProcess(command, { env: { KERNEL_IDENTITY_BACKEND: backend } });
  await started.line();
  return started;
}
