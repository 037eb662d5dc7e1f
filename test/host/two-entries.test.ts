import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect } from 'vitest';
import { TESTED } from '../helpers/backends.js';
import { isBuilt, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { withoutWarnings } from './host.js';

const PROGRAM = fileURLToPath(new URL('fixtures/two-entries.cjs', import.meta.url));
const [CJS, ESM] = ['index.cjs', 'index.js'].map((name) =>
  fileURLToPath(new URL(`../../dist/${name}`, import.meta.url)),
);

describe('the package, loaded by require and by import in one process', () => {
  for (const backend of TESTED) {
    for (const first of ['require', 'import']) {
      testRequiring([isBuilt()], `is one copy: ${first} first (${backend})`, () => {
        const args = [PROGRAM, CJS, ESM, join(tempDir(), 'two.lock'), first] as string[];
        const { stdout, stderr } = spawnSync(process.execPath, args, {
          encoding: 'utf8',
          env: { ...process.env, KERNEL_IDENTITY_BACKEND: backend },
        });
        expect(withoutWarnings(stderr)).toBe('');
        expect(JSON.parse(stdout)).toEqual({
          wait: 'EDEADLK',
          reason: 'held-by-this-process',
          lifeline: true,
          error: true,
          names: true,
          after: 'free',
        });
      });
    }
  }
});
