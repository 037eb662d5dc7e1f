import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { LockInspection } from '../../src/index.js';
import { hasBackend, TESTED } from '../helpers/backends.js';
import { openBox } from '../helpers/box.js';
import { BUILT, MAIN } from '../helpers/cli.js';
import { startProcess, startTicksOf, type TestProcess } from '../helpers/processes.js';
import { canIsolate, describeRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { expectedOf, PUBLIC_FILES, type PublicOwner, type Situation } from './public-files.js';
import { ownBootId } from './wild.js';

const HOUR = 3_600_000;
const SITUATIONS: readonly Situation[] = ['alive', 'reused', 'gone'];
/** Number of files that must be judged as a person would judge them, in all three situations. */
const MUST_BE_RIGHT = 60;
/** ms, on a busy machine. */
const TIME_LIMIT = 60_000;

type Start = (command: readonly string[], env?: Record<string, string>) => Promise<TestProcess>;
type Judged = Record<Situation, readonly LockInspection[]>;

for (const where of ['on this machine', 'in a PID namespace'] as const) {
  const isolation = where === 'in a PID namespace' ? [canIsolate()] : [];
  describeRequiring([...BUILT, ...isolation], `the files of public reports, ${where}`, () => {
    let start: Start;
    const owners = {} as Record<Situation, PublicOwner>;

    beforeAll(async () => {
      start = await starterOf(where);
      const running = await start(['sleep', '600']);
      const gone = await start(['sleep', '600']);
      await gone.kill();
      for (const situation of SITUATIONS) {
        owners[situation] = ownerOf(situation, running, gone);
      }
    });

    for (const backend of TESTED) {
      describeRequiring([hasBackend(backend)], `with the ${backend} backend`, () => {
        test(
          `at least ${MUST_BE_RIGHT} are judged as a person would, and none is judged wrongly`,
          async () => {
            const paths = SITUATIONS.flatMap((situation) =>
              PUBLIC_FILES.map(({ make }) => make(tempDir(), owners[situation])),
            );
            const all = await inspect(start, backend, paths);
            const judged = Object.fromEntries(
              SITUATIONS.map((situation) => [situation, all.splice(0, PUBLIC_FILES.length)]),
            ) as unknown as Judged;
            const rows = PUBLIC_FILES.map((_, index) => rowOf(judged, index));
            const right = rows.filter(({ finding }) => finding === 'right').length;
            const wrong = rows.filter(({ finding }) => finding === 'WRONG');
            console.log(
              [
                `${rows.length} files of public reports ${where}, ${backend}: ${right} right in all three situations, ${rows.length - right - wrong.length} left unknown, ${wrong.length} wrong`,
                ...rows.filter(({ finding }) => finding !== 'right').map(({ text }) => text),
              ].join('\n'),
            );
            expect(wrong).toEqual([]);
            expect(right).toBeGreaterThanOrEqual(MUST_BE_RIGHT);
          },
          TIME_LIMIT,
        );
      });
    }
  });
}

for (const backend of TESTED) {
  const isolation = [...BUILT, canIsolate(), hasBackend(backend)];
  describeRequiring(isolation, `the files of a crashed container, ${backend} backend`, () => {
    test(
      'are stale at once for the next process with the number of their owner',
      async () => {
        const box = await openBox();
        const before = Date.now() - 2_000;
        const owner: PublicOwner = {
          pid: 7,
          ticks: 1,
          bornMs: before - 1_000,
          bootId: ownBootId(),
          machineId: machineId(),
          namespace: box.namespaceInode,
          writtenMs: before,
        };
        const files = PUBLIC_FILES.filter(({ namesOwner }) => namesOwner);
        const paths = files.map(({ make }) => make(tempDir(), owner));
        const restart: Start = (command, env = {}) => box.start(command, { env, pid: 7 });
        const inspections = await inspect(restart, backend, paths);
        const found = inspections.map(({ state }, index) => `${files[index]?.who}: ${state}`);
        const expected = files.map(({ who, showsLife }) => `${who}: ${showsLife ? 'unknown' : 'stale'}`);
        expect(found).toEqual(expected);
      },
      TIME_LIMIT,
    );
  });
}

async function starterOf(where: 'on this machine' | 'in a PID namespace'): Promise<Start> {
  if (where === 'on this machine') return (command, env = {}) => startProcess(command, { env });
  const box = await openBox();
  return (command, env = {}) => box.start(command, { env });
}

/** The owner that a lock names, and what became of it. A number is reused by a process an hour younger than the lock. */
function ownerOf(situation: Situation, running: TestProcess, gone: TestProcess): PublicOwner {
  const ticks = startTicksOf(running.hostPid);
  const bornMs =
    Date.now() - (Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]) * 1000 - ticks * 10);
  const isReused = situation === 'reused';
  return {
    pid: situation === 'gone' ? gone.pid : running.pid,
    ticks: isReused ? Math.max(1, ticks - HOUR / 10) : ticks,
    bornMs: isReused ? bornMs - HOUR : bornMs,
    bootId: ownBootId(),
    machineId: machineId(),
    namespace: /\d+/.exec(readlinkSync(`/proc/${running.hostPid}/ns/pid`))?.[0] ?? '',
    writtenMs: situation === 'alive' ? Date.now() : Date.now() - HOUR,
  };
}

function machineId(): string {
  try {
    return readFileSync('/etc/machine-id', 'latin1').trim();
  } catch {
    return '';
  }
}

async function inspect(start: Start, backend: string, paths: readonly string[]): Promise<LockInspection[]> {
  const output = join(tempDir(), 'inspections.json');
  const script = 'out=$1; shift; exec "$@" >"$out"';
  const command = ['sh', '-c', script, 'sh', output, process.execPath, MAIN, 'inspect', '--json', ...paths];
  const reader = await start(command, { KERNEL_IDENTITY_BACKEND: backend });
  expect(await reader.exited).toMatchObject({ code: 0 });
  const inspections: LockInspection[] = JSON.parse(readFileSync(output, 'utf8'));
  expect(inspections).toHaveLength(paths.length);
  return inspections;
}

interface Row {
  readonly finding: 'right' | 'unknown' | 'WRONG';
  readonly text: string;
}

/** Unknown is never wrong, because nothing is done then. */
function rowOf(judged: Judged, index: number): Row {
  const file = PUBLIC_FILES[index] as (typeof PUBLIC_FILES)[number];
  const expected = expectedOf(file);
  const cells = SITUATIONS.map((situation) => {
    const inspection = judged[situation][index] as LockInspection;
    const { state, format, verdict } = inspection;
    const isRight = state === expected[situation];
    const isWrong = !isRight && state !== 'unknown';
    return { isRight, isWrong, text: `${situation} ${state} (${format}, ${verdict?.reason ?? '-'})` };
  });
  const isRight = cells.every((cell) => cell.isRight);
  const finding = isRight ? 'right' : cells.some((cell) => cell.isWrong) ? 'WRONG' : 'unknown';
  return { finding, text: `  ${finding} ${file.who}: ${cells.map(({ text }) => text).join(', ')}` };
}
