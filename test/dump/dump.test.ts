import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatDump } from '../../src/cli/format/format-dump.js';
import { dumpDiagnostics, selfIdentity } from '../../src/index.js';
import { hasBackend, TESTED } from '../helpers/backends.js';
import { BUILT, cli } from '../helpers/cli.js';
import { writeStaleLock } from '../helpers/locks.js';
import { describeRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

test('reports versions, backend, capabilities and the namespaces of this process', () => {
  const dump = dumpDiagnostics();
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(dump).toMatchObject({
    version,
    node: process.version,
    platform: 'linux',
    arch: process.arch,
    locks: [],
  });
  expect(dump.backend.reason).not.toBe('');
  for (const capability of Object.values(dump.capabilities ?? {})) expect(capability.reason).not.toBe('');
  // A dump only observes, so it takes no lifeline.
  expect(dump.identity).toEqual({ ...selfIdentity(), lifeline: null });
  expect(dump.namespaces.pid).toBe(statSync('/proc/self/ns/pid', { bigint: true }).ino.toString());
  expect(typeof dump.proc.own).toBe('boolean');
});

test('is plain data', () => {
  const dump = dumpDiagnostics({ locks: [writeStaleLock(tempDir()), '/'] });
  expect(JSON.parse(JSON.stringify(dump))).toEqual(dump);
});

test('reports for each lock its filesystem and verdict, or its error', () => {
  const directory = tempDir();
  const stale = writeStaleLock(directory);
  const file = join(directory, 'notes.txt');
  writeFileSync(file, 'mine\n');
  const { locks } = dumpDiagnostics({ locks: [stale, file, join(directory, 'no', 'x.lock'), ''] });
  expect(locks).toMatchObject([
    { path: stale, filesystem: { type: expect.any(String) }, inspection: { state: 'stale' }, error: null },
    {
      path: file,
      filesystem: { type: expect.any(String) },
      inspection: { format: 'none', state: 'unknown', description: 'a file in no known format' },
      error: null,
    },
    { filesystem: null, inspection: null, error: { code: 'ENOENT' } },
    { filesystem: null, inspection: null, error: { code: 'ERR_INVALID_ARG_TYPE' } },
  ]);
  expect(readdirSync(directory).sort()).toEqual(['notes.txt', 'stale.lock']);
});

test('leaves no descriptor open', () => {
  const directory = tempDir();
  const locks = [writeStaleLock(directory), directory, join(directory, 'none')];
  dumpDiagnostics({ locks });
  const before = readdirSync('/proc/self/fd').length;
  for (let round = 0; round < 20; round++) dumpDiagnostics({ locks });
  expect(readdirSync('/proc/self/fd').length).toBe(before);
});

test('for people fits 80 columns', () => {
  const text = formatDump(dumpDiagnostics());
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  for (const heading of ['versions', 'capabilities', 'this process', 'surroundings']) {
    expect(text).toMatch(new RegExp(`^${heading}$`, 'm'));
  }
});

for (const backend of TESTED) {
  const env = { KERNEL_IDENTITY_BACKEND: backend };
  describeRequiring([...BUILT, hasBackend(backend)], `the dump command with the ${backend} backend`, () => {
    test('prints it for people and for programs', async () => {
      const stale = writeStaleLock(tempDir());
      const human = await cli(['dump', stale], { env });
      expect(human).toMatchObject({ code: 0, stderr: '' });
      expect(human.stdout).toContain(`${backend}: forced by KERNEL_IDENTITY_BACKEND`);
      expect(human.stdout).toContain('stale.lock: stale');
      const json = await cli(['dump', stale, '--json'], { env });
      expect(json).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(json.stdout)).toMatchObject({
        backend: { name: backend },
        locks: [{ path: stale, inspection: { state: 'stale' } }],
      });
    });
  });
}

describeRequiring(BUILT, 'the dump command without a backend that works', () => {
  test('still reports why', async () => {
    const path = writeStaleLock(tempDir());
    const env = { KERNEL_IDENTITY_BACKEND: 'crystal-ball' };
    const { code, stdout } = await cli(['dump', path, '--json'], { env });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      backend: { name: null, reason: expect.stringContaining('crystal-ball') },
      capabilities: null,
      identity: null,
      locks: [{ inspection: null, error: { code: 'ERR_BACKEND_UNAVAILABLE' } }],
    });
    expect((await cli(['dump', path], { env })).stdout).toContain('crystal-ball');
  });
});
