import { realpathSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { hasBackend } from '../helpers/backends.js';
import { isBuilt, type Requirement, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { HOST, runHost, WORKING_LOCK } from './host.js';
import { installInto } from './install.js';

const FLAGS = ['--permission', '--experimental-permission'];
const FLAG = FLAGS.find((flag) => process.allowedNodeEnvironmentFlags.has(flag));
const permissionModel: Requirement = {
  available: FLAG !== undefined,
  reason: `Node ${process.version} has no permission model`,
};

/** Allows every file to be read and written, and nothing else. */
const ALL_FILES = ['--allow-fs-read=*', '--allow-fs-write=*'];

describe(`under Node's permission model`, () => {
  const needs = [isBuilt(), hasBackend('native'), hasBackend('procfs'), permissionModel];
  const under = (...allowed: string[]) => ({ nodeOptions: [FLAG as string, ...allowed] });

  testRequiring(needs, 'the addon is refused unless it is allowed, and plain Node serves', () => {
    const { entry } = installInto();
    const { backend, lock } = runHost(entry, under(...ALL_FILES, '--allow-worker'));
    expect(backend).toEqual({ name: 'procfs', reason: expect.stringMatching(/addon/i) });
    expect(lock).toEqual(WORKING_LOCK);
    const forced = runHost(entry, { ...under(...ALL_FILES), backend: 'native' });
    const loud = { code: 'ERR_BACKEND_UNAVAILABLE', message: expect.stringContaining('--allow-addons') };
    expect(forced.self).toMatchObject(loud);
    if (process.allowedNodeEnvironmentFlags.has('--allow-addons')) {
      const allowed = runHost(entry, under(...ALL_FILES, '--allow-addons'));
      expect(allowed).toMatchObject({ backend: { name: 'native' }, lock: WORKING_LOCK });
    }
  });

  testRequiring(needs, 'without threads there is nobody to keep a lease, and no lock is left behind', () => {
    const { entry } = installInto();
    const directory = tempDir();
    const { backend, lock } = runHost(entry, { ...under(...ALL_FILES), directory });
    expect(backend.name).toBe('procfs');
    expect(lock).toMatchObject({
      code: 'ERR_ACCESS_DENIED',
      message: expect.stringContaining('--allow-worker'),
    });
    // The failed attempt left nothing behind, so the next one gets the lock at once.
    expect(runHost(entry, { directory }).lock).toEqual(WORKING_LOCK);
  });

  testRequiring(
    needs,
    'where /proc may not be read nothing is guessed, and the error says what to do',
    () => {
      const { entry, project } = installInto();
      const directory = realpathSync(tempDir());
      const files = [
        `--allow-fs-read=${project}/*`,
        `--allow-fs-read=${HOST}`,
        `--allow-fs-read=${directory}/*`,
      ];
      const allowed = [...files, `--allow-fs-write=${directory}/*`, '--allow-worker'];
      const { backend, self, lock } = runHost(entry, { ...under(...allowed), directory });
      expect(backend.name).toBeNull();
      const loud = {
        code: 'ERR_BACKEND_UNAVAILABLE',
        message: expect.stringContaining('KERNEL_IDENTITY_BACKEND=portable'),
      };
      expect(self).toMatchObject(loud);
      expect(self.message).toContain('FileSystemRead /proc');
      expect(lock).toMatchObject(loud);
      const portable = runHost(entry, { ...under(...allowed), directory, backend: 'portable' });
      expect(portable).toMatchObject({ backend: { name: 'portable' }, lock: WORKING_LOCK });
      if (process.allowedNodeEnvironmentFlags.has('--allow-addons')) {
        const native = runHost(entry, {
          ...under(...allowed, '--allow-addons'),
          directory,
        });
        // Node cannot read whether /proc has hidepid, which hides processes from every user but root.
        const judged = process.getuid?.() === 0 ? 'dead' : 'unknown';
        expect(native).toMatchObject({ backend: { name: 'native' }, lock: WORKING_LOCK, judged });
      }
    },
  );
});
