// The library's second file: what needs it, and what becomes of a process whose package is replaced or removed before it
// has loaded that file.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect } from 'vitest';
import { hasBackend } from '../helpers/backends.js';
import { withDescriptors } from '../helpers/descriptors.js';
import { isBuilt, testRequiring } from '../helpers/requirements.js';
import { installInto } from './install.js';

const FIXTURE = fileURLToPath(new URL('fixtures/second-part.cjs', import.meta.url));
const CALLS = ['dump', 'strange', 'inspect', 'ownerless', 'reclaim', 'judge'];

type Scene = 'whole' | 'other' | 'missing' | 'scarce';

function run(scene: Scene, file = 'index.js') {
  const { project, root } = installInto();
  const locks = join(project, 'locks');
  mkdirSync(locks);
  const [command = '', ...args] = [
    ...withDescriptors(64),
    ...[process.execPath, FIXTURE, join(root, 'dist', file), locks, scene],
  ];
  const env = { ...process.env, KERNEL_IDENTITY_BACKEND: '' };
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', env });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

/** What each call comes to. */
const all = (code: string) => Object.fromEntries(CALLS.map((call) => [call, code]));

/** What holds in every scene: the lock of the process is in order, and that of the stranger untouched. */
const UNHARMED = { own: ['alive', true], leaked: 0, ofStranger: true, later: 'bare-pid' };

const needs = [isBuilt(), hasBackend('native')];

describe('the second file of the library', () => {
  for (const file of ['index.js', 'index.cjs']) {
    testRequiring(needs, `is loaded by what needs it, which no lock and no identity does: ${file}`, () => {
      const { atFirst, ...seen } = run('whole', file);
      expect(atFirst).toEqual(['second-part.cjs', 'index.cjs', 'kernel-identity.node']);
      expect(seen).toEqual({
        ...UNHARMED,
        during: { ...all('done'), timeout: 'ERR_LOCK_TIMEOUT' },
        late: ['index-rest.cjs'],
      });
    });
  }

  for (const scene of ['other', 'missing'] as const) {
    testRequiring(needs, `is not used when it is not of this version: ${scene}`, () => {
      const { atFirst, late, ...seen } = run(scene);
      expect(seen).toEqual({
        ...UNHARMED,
        // It only says more of who holds the lock.
        during: { ...all('ERR_PACKAGE_REPLACED'), timeout: 'ERR_LOCK_TIMEOUT' },
      });
    });
  }

  testRequiring(needs, 'is loaded anew after there were no descriptors for it', () => {
    const { atFirst, late, ...seen } = run('scarce');
    expect(seen).toEqual({ ...UNHARMED, during: { ...all('EMFILE'), timeout: 'EMFILE' } });
  });
});
