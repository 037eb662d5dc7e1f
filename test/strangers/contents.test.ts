import { lstatSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import type { LockInspection } from '../../src/index.js';
import { hasBackend, TESTED } from '../helpers/backends.js';
import { openBox } from '../helpers/box.js';
import { BUILT, MAIN } from '../helpers/cli.js';
import { fixture, type Start, startProcess, type TestProcess } from '../helpers/processes.js';
import { canIsolate, describeRequiring, hasProgram, type Requirement } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

/** A lock or PID file that test/fixtures/strangers.mjs has made. */
interface Case {
  readonly id: string;
  readonly path: string;
  readonly allowed: readonly LockInspection['state'][];
  /** Whether `reclaim` should remove it: its owner is dead. */
  readonly reclaimed: boolean;
}

interface Outcome {
  readonly state: LockInspection['state'] | 'refused';
  /** Why, for the table. */
  readonly reason: string;
  readonly isRemoved: boolean;
}

const PLACES: Record<string, { open: () => Promise<Start>; requires: readonly Requirement[] }> = {
  'on this host': { open: async () => startProcess, requires: [] },
  'in a new PID namespace': {
    open: async () => {
      const box = await openBox();
      return (command, options) => box.start(command, options);
    },
    requires: [canIsolate()],
  },
};

for (const [where, { open, requires }] of Object.entries(PLACES)) {
  for (const backend of TESTED) {
    const needed = [...BUILT, hasBackend(backend), hasProgram('python3'), hasProgram('setsid'), ...requires];
    describeRequiring(needed, `other programs' files ${where}, with the ${backend} backend`, () => {
      let cases: readonly Case[] = [];
      let outcomes: readonly Outcome[] = [];

      beforeAll(async () => {
        const start = await open();
        const maker = await start([process.execPath, fixture('strangers.mjs'), tempDir()]);
        cases = await maker.message<Case[]>(20_000);
        outcomes = await tryAll(start, backend, cases);
        maker.endInput();
        console.log(tableOf(`${where}, ${backend}`, cases, outcomes));
        await maker.exited;
      }, 60_000);

      test('no living owner is found dead, and no dead one alive', () => {
        const wrong = cases.filter(({ allowed }, at) => !isAllowed(allowed, outcomes[at] as Outcome));
        expect(wrong.map(({ id }) => id)).toEqual([]);
      });

      test('reclaim removes the locks of the dead, and nothing else', () => {
        const wrong = cases.filter(({ reclaimed }, at) => outcomes[at]?.isRemoved !== reclaimed);
        expect(wrong.map(({ id }) => id)).toEqual([]);
      });
    });
  }
}

/** What the program refuses to judge, because it is no lock, nobody takes. */
function isAllowed(allowed: Case['allowed'], { state }: Outcome): boolean {
  return state === 'refused' ? allowed.includes('unknown') : allowed.includes(state);
}

/** The program runs apart from the process that made the files, because an observer ignores those that it has started. */
async function tryAll(start: Start, backend: string, cases: readonly Case[]): Promise<Outcome[]> {
  const env = { KERNEL_IDENTITY_BACKEND: backend };
  const paths = cases.map(({ path }) => path);
  const inspector = await start([process.execPath, MAIN, 'inspect', '--json', ...paths], { env });
  const inspections = await outputOf<LockInspection & { path: string }>(inspector);
  const reclaimer = await start([process.execPath, MAIN, 'reclaim', ...paths], { env });
  await reclaimer.exited;
  return paths.map((path) => {
    const found = inspections.find((inspection) => inspection.path === path);
    const reason = found?.verdict?.reason ?? found?.description ?? '';
    return { state: found?.state ?? 'refused', reason, isRemoved: isGone(path) };
  });
}

/** The program prints an array over many lines. */
async function outputOf<T>(program: TestProcess): Promise<T[]> {
  let text = '';
  for (;;) {
    const line = await program.line(30_000);
    text += line;
    if (line === ']') return JSON.parse(text) as T[];
  }
}

function isGone(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) === undefined;
}

function tableOf(title: string, cases: readonly Case[], outcomes: readonly Outcome[]): string {
  const lines = cases.map(({ id, allowed, reclaimed }, at) => {
    const outcome = outcomes[at] as Outcome;
    const { state, reason, isRemoved } = outcome;
    const isRight = isAllowed(allowed, outcome) && isRemoved === reclaimed;
    return [
      isRight ? '   ' : 'BAD',
      id.padEnd(46),
      state.padEnd(8),
      (isRemoved ? 'removed' : 'left').padEnd(8),
      reason.slice(0, 60),
    ].join(' ');
  });
  const bad = lines.filter((line) => line.startsWith('BAD')).length;
  return [`other programs' files ${title}: ${bad} of ${lines.length} wrong`, ...lines].join('\n');
}
