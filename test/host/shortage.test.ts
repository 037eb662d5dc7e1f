import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { OwnerRecord, ProcessIdentity } from '../../src/index.js';
import { hasBackend, TESTED, type TestedName } from '../helpers/backends.js';
import { withDescriptors } from '../helpers/descriptors.js';
import { fixture, startProcess } from '../helpers/processes.js';
import { describeRequiring, hasProgram, isBuilt } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

type Operation = 'self' | 'probe' | 'judge' | 'dump' | 'acquire';

/** What test/fixtures/shortage.mjs prints. */
interface Outcome {
  readonly scarce: { readonly value?: unknown; readonly code?: string };
  readonly later: {
    readonly self: ProcessIdentity;
    readonly probe: ProcessIdentity;
    readonly record: OwnerRecord;
    readonly old: string;
    readonly dump: unknown;
  };
}

/** More than any operation needs. */
const MOST_LEFT = 6;
/** The calls by which glibc's and libuv's stat are made. */
const STATS = 'statx,newfstatat,stat';
const SHORTAGES = ['EMFILE', 'ENFILE', 'ENOMEM'];

for (const backend of TESTED) {
  describeRequiring([isBuilt(), hasBackend(backend)], `want of descriptors or memory (${backend})`, () => {
    let plenty: Outcome;
    beforeAll(async () => {
      plenty = await run(backend, ['all', 'self', 'loaded']);
    });

    for (const operation of ['self', 'probe', 'judge', 'dump', 'acquire'] as const) {
      test(`is not remembered, nor recorded, where it met ${operation}`, async () => {
        let succeeded = false;
        for (let left = 0; left <= MOST_LEFT; left++) {
          const outcome = await run(backend, [String(left), operation, 'loaded']);
          expectWhole(outcome, plenty, operation);
          succeeded ||= outcome.scarce.code === undefined;
        }
        expect(succeeded).toBe(true);
      }, 60_000);
    }

    test('while the backend is loaded is no reason to do without it for life', async () => {
      for (let left = 0; left <= MOST_LEFT; left++) {
        expectWhole(
          await run(backend, [String(left), 'self'], backend === 'native' ? '' : backend),
          plenty,
          'self',
        );
      }
    }, 60_000);

    const files = ['/proc/self/status', '/proc/self/mountinfo', '/proc/sys/kernel/random/boot_id'];
    const refusals: readonly (readonly [what: string, strace: readonly string[]])[] = [
      ...files.map((path) => [path, ['-P', path, '-e', 'inject=openat:error=ENFILE:when=1']] as const),
      ['/proc/self/ns/time', ['-P', '/proc/self/ns/time', '-e', `inject=${STATS}:error=ENOMEM:when=1`]],
      ['/proc/self/ns/pid', ['-P', '/proc/self/ns/pid', '-e', `inject=openat,${STATS}:error=ENOMEM:when=1`]],
      ...(backend === 'procfs'
        ? []
        : ([
            ['pidfd_open', ['-e', 'inject=pidfd_open:error=ENOMEM:when=1']],
            ['pidfd_open, the second time', ['-e', 'inject=pidfd_open:error=ENFILE:when=2']],
            ['memfd_create', ['-e', 'inject=memfd_create:error=ENOMEM:when=1..2']],
          ] as const)),
    ];
    describeRequiring([hasProgram('strace')], 'for one call alone', () => {
      for (const [what, options] of refusals) {
        test(`is not remembered: ${what}`, async () => {
          const command = ['strace', '-f', '-qq', '-o', '/dev/null', ...options];
          const outcome = await run(backend, ['all', 'self', 'loaded'], backend, command);
          expectWhole(outcome, plenty, 'self');
          // Otherwise this test tests nothing.
          if (what !== 'memfd_create') expect(SHORTAGES).toContain(outcome.scarce.code);
        });
      }
    });
  });
}

async function run(
  backend: TestedName,
  args: readonly string[],
  forced: string = backend,
  through: readonly string[] = [],
): Promise<Outcome> {
  const directory = mkdtempSync(join(tempDir(), 'run-'));
  const command = [
    ...withDescriptors(64),
    ...through,
    process.execPath,
    fixture('shortage.mjs'),
    directory,
    ...args,
  ];
  const child = await startProcess(command, { env: { KERNEL_IDENTITY_BACKEND: forced } });
  return child.message<Outcome>();
}

/** An answer is whole or there is none, and later answers are those of a process that never was short of anything. */
function expectWhole({ scarce, later }: Outcome, plenty: Outcome, operation: Operation): void {
  if (scarce.code !== undefined) expect(SHORTAGES).toContain(scarce.code);
  else if (operation === 'self') expect(scarce.value).toEqual(later.self);
  else if (operation === 'probe') expect(scarce.value).toEqual(later.probe);
  else if (operation === 'acquire') expect(scarce.value).toMatchObject({ identity: later.self });
  expect(missingIn(later.self)).toEqual(missingIn(plenty.later.self));
  expect(missingIn(later.probe)).toEqual(missingIn(plenty.later.probe));
  expect(later.record.identity).toEqual(later.self);
  expect(missingIn(later.record)).toEqual(missingIn(plenty.later.record));
  expect(later.old).toBe('owner dead: legacy-own-pid-reused');
  if (plenty.later.dump !== undefined) expect(later.dump).toEqual(plenty.later.dump);
}

/** The fields that are null. */
function missingIn(value: object): string[] {
  return Object.entries(value).flatMap(([key, inner]) => {
    if (inner === null) return [key];
    return typeof inner === 'object' ? missingIn(inner).map((name) => `${key}.${name}`) : [];
  });
}
