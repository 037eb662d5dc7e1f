import { spawnSync } from 'node:child_process';
import { copyFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect } from 'vitest';
import { hasBackend, TESTED } from '../helpers/backends.js';
import { isBuilt, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { installInto } from './install.js';

const VITEST = fileURLToPath(new URL('../../node_modules/vitest', import.meta.url));
const ITS_TEST = fileURLToPath(new URL('fixtures/pools/lock.test.mjs', import.meta.url));

describe(`an application's own tests`, () => {
  for (const pool of ['threads', 'forks', 'vmThreads', 'vmForks']) {
    for (const backend of TESTED) {
      testRequiring(
        [isBuilt(), hasBackend(backend)],
        `can use the package in vitest's pool ${pool} (${backend})`,
        () => {
          const { project } = installInto();
          symlinkSync(VITEST, join(project, 'node_modules/vitest'));
          for (const name of ['one', 'two']) copyFileSync(ITS_TEST, join(project, `${name}.test.mjs`));
          const { status, stdout, stderr } = spawnSync(
            process.execPath,
            [join(VITEST, 'vitest.mjs'), 'run', `--pool=${pool}`, '--maxWorkers=1'],
            {
              cwd: project,
              encoding: 'utf8',
              env: {
                PATH: process.env.PATH,
                HOME: process.env.HOME,
                NO_COLOR: '1',
                LOCKS: tempDir(),
                EXPECTED_BACKEND: backend,
                KERNEL_IDENTITY_BACKEND: backend === 'native' ? '' : backend,
              },
            },
          );
          expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: '' });
          expect(stdout).toMatch(/Tests\s+4 passed/);
        },
      );
    }
  }
});
