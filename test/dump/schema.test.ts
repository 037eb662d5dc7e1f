import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { acquireLock, dumpDiagnostics } from '../../src/index.js';
import { hasBackend, TESTED } from '../helpers/backends.js';
import { BUILT, cli } from '../helpers/cli.js';
import { writeStaleLock, writeUnknownLock } from '../helpers/locks.js';
import { describeRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { type Schema, violations } from './json-schema.js';

const SCHEMA: Schema = JSON.parse(
  readFileSync(new URL('../../docs/dump.schema.json', import.meta.url), 'utf8'),
);

/** Makes one path for everything that can be at a path. */
function manyPaths(): string[] {
  const directory = tempDir();
  const file = (name: string, text: string) => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  symlinkSync('me@elsewhere.7:1700000000', join(directory, '.#notes'));
  return [
    writeStaleLock(directory),
    writeUnknownLock(directory),
    join(directory, 'free.lock'),
    join(directory, '.#notes'),
    file('server.pid', '1\n'),
    file('zero.pid', '0\n'),
    file('paseo.pid', '{"pid":14,"startedAt":"2026-05-26T07:22:46.211Z","hostname":"pod-abc"}'),
    file('notes.txt', 'mine'),
    join(directory, 'no', 'x.lock'),
    '',
  ];
}

test('a dump is what its schema says, and nothing else', async () => {
  const locks = manyPaths();
  const held = join(tempDir(), 'held.lock');
  const lock = await acquireLock(held, { label: 'test' });
  for (const redact of [false, true]) {
    expect(violations(SCHEMA, dumpDiagnostics({ locks: [...locks, held], redact }))).toEqual([]);
  }
  await lock.release();
});

describeRequiring(BUILT, 'the JSON of inspect', () => {
  test('is what the schema says, of paths that fail too', async () => {
    const held = join(tempDir(), 'held.lock');
    const lock = await acquireLock(held);
    const { stdout } = await cli(['inspect', '--json', held, ...manyPaths().slice(0, -1)]);
    await lock.release();
    const found = JSON.parse(stdout);
    const schema = { ...SCHEMA, $ref: '#/$defs/inspections' };
    expect(violations(schema, found)).toEqual([]);
    expect(found[0].holders).toMatchObject([{ pid: process.pid }]);
    expect(found.some((one: object) => 'error' in one)).toBe(true);
    expect(violations(schema, [{ ...found[0], holders: [{}] }])).not.toEqual([]);
  });
});

for (const backend of [...TESTED, 'crystal-ball']) {
  const needs = backend === 'crystal-ball' ? [] : [hasBackend(backend as 'native')];
  describeRequiring([...BUILT, ...needs], `the dump command with the ${backend} backend`, () => {
    test('prints what the schema says', async () => {
      const env = { KERNEL_IDENTITY_BACKEND: backend };
      const { stdout } = await cli(['dump', '--json', ...manyPaths().slice(0, -1)], { env });
      expect(violations(SCHEMA, JSON.parse(stdout))).toEqual([]);
    });
  });
}

test('the schema refuses what is no dump', () => {
  const dump = dumpDiagnostics({ locks: manyPaths() });
  const { proc: _, ...without } = dump;
  expect(violations(SCHEMA, without)).toEqual(['/proc is missing']);
  expect(violations(SCHEMA, { ...dump, more: 1 })).toEqual(['/more is not in the schema']);
  expect(violations(SCHEMA, { ...dump, version: 1 })).toEqual(['/version: 1 is no string']);
  const [first, ...others] = dump.locks;
  const broken = { ...first, inspection: { ...first?.inspection, state: 'lost' } };
  expect(violations(SCHEMA, { ...dump, locks: [broken, ...others] })).not.toEqual([]);
});
