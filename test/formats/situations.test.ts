import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { LockInspection } from '../../src/index.js';
import { hasBackend, TESTED } from '../helpers/backends.js';
import { openBox } from '../helpers/box.js';
import { BUILT, cli, MAIN } from '../helpers/cli.js';
import { threadIdOf } from '../helpers/odd-processes.js';
import { pidOfDead, startProcess, startTicksOf } from '../helpers/processes.js';
import { describeRequiring, isolationTest } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { link, type Owner, ownBootId, WILD, written } from './wild.js';

const HOUR = 3_600_000;

/** What happened to the process that wrote a lock, and the state that the lock should then have. */
const SITUATIONS: Record<string, (running: number, gone: number) => Owner> = {
  alive: (running) => ({
    pid: running,
    ticks: startTicksOf(running),
    bootId: ownBootId(),
    writtenMs: Date.now(),
  }),
  reused: (running) => ({
    pid: running,
    ticks: startTicksOf(running) - 1,
    bootId: ownBootId(),
    writtenMs: Date.now() - HOUR,
  }),
  gone: (_running, gone) => ({ pid: gone, ticks: 123, bootId: ownBootId(), writtenMs: Date.now() }),
};

const EXPECTED: Record<string, LockInspection['state']> = { alive: 'held', reused: 'stale', gone: 'stale' };

for (const backend of TESTED) {
  const env = { KERNEL_IDENTITY_BACKEND: backend };

  describeRequiring([...BUILT, hasBackend(backend)], `with the ${backend} backend`, () => {
    /** The judged locks by situation, in the order of WILD. */
    const judged: Record<string, LockInspection[]> = {};
    const paths: Record<string, string[]> = {};

    beforeAll(async () => {
      const running = await startProcess(['sleep', '600']);
      const gone = await pidOfDead();
      for (const [situation, ownerOf] of Object.entries(SITUATIONS)) {
        const owner = ownerOf(running.pid, gone);
        paths[situation] = WILD.map(({ make }) => make(tempDir(), owner));
        const { stdout, stderr } = await cli(['inspect', '--json', ...paths[situation]], { env });
        expect(stderr).toBe('');
        judged[situation] = JSON.parse(stdout);
      }
      console.log(tableOf(backend, judged));
    });

    for (const [index, { who, format }] of WILD.entries()) {
      for (const [situation, state] of Object.entries(EXPECTED)) {
        test(`${who}, owner ${situation}: ${state}`, () => {
          const inspection = judged[situation]?.[index];
          expect(inspection).toMatchObject({ format, state, verdict: { certainty: 'assumed' } });
          expect(inspection?.verdict?.evidence).toContainEqual({
            check: 'pid-namespace',
            recorded: null,
            observed: expect.stringMatching(/^assumed to be this one/),
            finding: 'none',
          });
        });
      }
    }

    test('reclaim removes those of the dead, and leaves those of the living', async () => {
      const { stdout, stderr } = await cli(['reclaim', '--json', ...Object.values(paths).flat()], { env });
      expect(stderr).toBe('');
      const results: { path: string; reclaimed: boolean }[] = JSON.parse(stdout);
      expect(results).toHaveLength(WILD.length * 3);
      for (const { path, reclaimed } of results) {
        const isAlive = paths.alive?.includes(path) === true;
        expect({ path, reclaimed }).toEqual({ path, reclaimed: !isAlive });
        expect(stands(path)).toBe(isAlive);
      }
    });

    test('a bare pid that is only a thread of a live process, and was given to it later: stale', async () => {
      const script = 'setInterval(() => {}, 1000); console.log(1)';
      const threads = await startProcess([process.execPath, '-e', script]);
      await threads.line();
      const path = written(join(tempDir(), 'a.pid'), `${threadIdOf(threads.pid)}\n`, Date.now() - HOUR);
      const { stdout } = await cli(['inspect', '--json', path], { env });
      expect(JSON.parse(stdout)).toMatchObject([
        { state: 'stale', verdict: { reason: 'legacy-pid-is-thread' } },
      ]);
    });

    test('a bare pid that its process writes as the first thing it does: held', async () => {
      const directory = tempDir();
      const paths = await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const path = join(directory, `${index}.pid`);
          const script = 'echo $$ >"$1"; echo written; exec cat';
          const writer = await startProcess(['sh', '-c', script, 'sh', path]);
          await writer.line();
          return path;
        }),
      );
      const { stdout } = await cli(['inspect', '--json', ...paths], { env });
      const inspections: LockInspection[] = JSON.parse(stdout);
      expect(inspections.map(({ state }) => state)).toEqual(paths.map(() => 'held'));
    });

    isolationTest(
      'a bare pid that is the reader’s own, two seconds after a crash: stale at once',
      async () => {
        const path = written(join(tempDir(), 'server.pid'), '7\n', Date.now() - 2_000);
        const box = await openBox({ env });
        const reader = await box.start([process.execPath, MAIN, 'reclaim', path], { pid: 7, env });
        expect(await reader.line()).toContain(
          'reclaimed (owner dead, assumed, from its pid and time alone: legacy-own-pid-reused)',
        );
        expect(existsSync(path)).toBe(false);
      },
    );

    isolationTest('on the host, the pid file of a live container is not dead', async () => {
      const box = await openBox({ env });
      const inside = await box.start(['sleep', '600'], { pid: await pidOfDead() });
      const path = written(join(tempDir(), 'server.pid'), `${inside.pid}\n`, Date.now());
      const { stdout } = await cli(['inspect', '--json', path], { env });
      const [{ state, verdict }] = JSON.parse(stdout);
      expect(state).toBe('unknown');
      expect(verdict.reason).toBe('legacy-namesake-in-descendant');
    });

    for (const [who, name, target] of [
      ['Chromium', 'SingletonLock', 'another-host-'],
      ['Emacs', '.#notes', 'me@another-host.'],
    ] as const) {
      test(`${who} on another host: unknown whatever its pid is here, and left alone`, async () => {
        for (const pid of [process.pid, await pidOfDead()]) {
          const path = link(join(tempDir(), name), `${target}${pid}`, Date.now() - HOUR);
          const { code, stdout } = await cli(['reclaim', '--json', path], { env });
          expect(code).toBe(1);
          const [{ state, verdict, reclaimed }] = JSON.parse(stdout);
          expect({ state, reason: verdict.reason, reclaimed }).toEqual({
            state: 'unknown',
            reason: 'legacy-other-host',
            reclaimed: false,
          });
          expect(stands(path)).toBe(true);
        }
      });
    }
  });
}

function stands(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function tableOf(backend: string, judged: Record<string, LockInspection[]>): string {
  const heading = ['written by', 'format', ...Object.keys(SITUATIONS).map((name) => `owner ${name}`)];
  const rows = WILD.map(({ who, format }, index) => [
    who,
    format,
    ...Object.keys(SITUATIONS).map((situation) => {
      const { state, verdict } = judged[situation]?.[index] ?? {};
      return `${state} (${verdict?.reason.replace('legacy-', '')})`;
    }),
  ]);
  const widths = heading.map((_, column) =>
    Math.max(...[heading, ...rows].map((row) => (row[column] as string).length)),
  );
  const lines = [heading, ...rows].map((row) =>
    row.map((cell, column) => cell.padEnd(widths[column] as number)).join('  '),
  );
  return [`the lock files of the wild, ${backend} backend`, ...lines].join('\n');
}
