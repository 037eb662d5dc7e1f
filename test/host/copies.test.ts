import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { EVERY, hasBackend } from '../helpers/backends.js';
import { isBuilt, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { withoutWarnings } from './host.js';
import { installInto } from './install.js';

const TWO_COPIES = fileURLToPath(new URL('fixtures/two-copies.mjs', import.meta.url));

/** The view of one copy on a lock of the other: it cannot know that its own process holds it. */
const SEEN = {
  native: { state: 'held', reason: 'witness-held' },
  procfs: { state: 'unknown', reason: 'own-process' },
  portable: { state: 'unknown', reason: 'not-enough-recorded' },
} as const;

for (const backend of EVERY) {
  testRequiring(
    [isBuilt(), hasBackend(backend)],
    `two copies of the package in one process exclude each other (${backend})`,
    () => {
      const path = join(tempDir(), 'install.lock');
      const copies = [installInto(), installInto()].map(({ entry }) => entry);
      const { stdout, stderr, status } = spawnSync(process.execPath, [TWO_COPIES, ...copies, path], {
        encoding: 'utf8',
        env: { ...process.env, KERNEL_IDENTITY_BACKEND: backend },
      });
      expect({ status, stderr: withoutWarnings(stderr) }).toEqual({ status: 0, stderr: '' });
      expect(JSON.parse(stdout)).toEqual({
        distinct: true,
        seenByOther: SEEN[backend],
        seenByItself: 'held-by-this-process',
        judgedByOther: backend === 'native' ? 'alive' : 'unknown',
        reclaimed: false,
        refused: 'ERR_LOCK_TIMEOUT',
        verified: true,
        tryAfterwards: null,
        nextVerified: true,
        most: 1,
      });
      expect(existsSync(path)).toBe(false);
    },
  );
}
