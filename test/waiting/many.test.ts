import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { hasBackend, TESTED, type TestedName } from '../helpers/backends.js';
import { withDescriptors } from '../helpers/descriptors.js';
import { startProcess, type TestProcess } from '../helpers/processes.js';
import { describeRequiring, isBuilt, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

// What waiting costs: see "Descriptors" in docs/protocol.md.

const SCRIPT = fileURLToPath(new URL('many.mjs', import.meta.url));
const TASKS = 10_000;
/** The usual limit of a process. */
const LIMIT = 1024;
/** The most pidfds that the waiters of a thread keep open: MAX_PIDFDS in src/lock/waiting/change-watch.ts. */
const PIDFDS = 64;
/** For its stdin, and for what it prints. */
const NODES_OWN = 4;

interface Waiting {
  readonly descriptors: number;
  readonly startMs: number;
  readonly bytesEach: number;
  readonly cpuPercent: number;
  readonly codes: Record<string, number>;
}

interface Served {
  readonly served: number;
  readonly servedMs: number;
  readonly descriptors: number;
  readonly codes: Record<string, number>;
}

for (const backend of TESTED) {
  // On plain Node each turn starts and ends a lease, which takes some ten milliseconds.
  const STAYING = backend === 'native' ? 1000 : 100;
  describeRequiring([isBuilt(), hasBackend(backend)], `${TASKS} tasks of one process (${backend})`, () => {
    for (const locks of [1, 1000]) {
      testRequiring(
        [],
        `wait for ${locks} held ${locks === 1 ? 'lock' : 'locks'} with ${LIMIT} descriptors`,
        async () => {
          const directory = tempDir();
          const holder = await start('native', 20_000, 'hold', directory, String(locks));
          expect(await holder.message(60_000)).toEqual({ held: locks });
          const numbers = [locks, TASKS, STAYING].map(String);
          const waiter = await start(backend, LIMIT, 'wait', directory, ...numbers);
          const waiting = await waiter.message<Waiting>(120_000);
          waiter.send('go');
          expect(await waiter.message(60_000)).toBe('aborted');
          await holder.kill();
          const served = await waiter.message<Served>(120_000);
          console.log(
            `${TASKS} tasks wait for ${locks} locks (${backend}): ${waiting.descriptors} descriptors, ` +
              `${waiting.bytesEach} bytes each, begun within ${waiting.startMs} ms, then ` +
              `${waiting.cpuPercent.toFixed(2)} % of a core; ${STAYING} served within ${served.servedMs} ms`,
          );
          expect(waiting.codes).toEqual({});
          expect(served).toMatchObject({ served: STAYING, codes: { aborted: TASKS - STAYING } });
          // One for the parent directory, and the pidfds of the owners. Node itself may have opened others.
          expect(waiting.descriptors).toBeLessThanOrEqual(1 + Math.min(locks, PIDFDS) + NODES_OWN);
          expect(served.descriptors).toBeLessThanOrEqual(NODES_OWN);
          expect(waiting.bytesEach).toBeLessThan(20_000);
        },
        400_000,
      );
    }
  });
}

function start(backend: TestedName, limit: number, ...parameters: string[]): Promise<TestProcess> {
  const command = [...withDescriptors(limit), process.execPath, SCRIPT, ...parameters];
  return startProcess(command, { env: { KERNEL_IDENTITY_BACKEND: backend } });
}
