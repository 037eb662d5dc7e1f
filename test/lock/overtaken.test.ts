import { existsSync, mkdirSync, readdirSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ReclaimResult } from '../../src/index.js';
import { DEAD_OWNER, writeLock } from '../helpers/crafted.js';
import { interfereOnce } from '../helpers/hooks.js';
import { describeForEveryBackend } from '../helpers/package.js';
import { tempDir } from '../helpers/temp-dir.js';

const RETIRED = `retired.${'0'.repeat(32)}`;

function newPath(): string {
  return join(tempDir(), 'install.lock');
}

describeForEveryBackend('of two processes that clear one lock', (api) => {
  test('only the one that took owner.json out gets the answer that it reclaimed', () => {
    const path = newPath();
    writeLock(path, DEAD_OWNER);
    let rival: ReclaimResult | undefined;
    interfereOnce(
      api.backend,
      (operation, [, name]) => operation === 'renameAt' && name === 'owner.json',
      () => {
        rival = api.reclaimLockSync(path);
      },
    );
    expect(api.reclaimLockSync(path)).toMatchObject({ reclaimed: false, state: 'free' });
    expect(rival).toMatchObject({ reclaimed: true, state: 'free' });
    expect(existsSync(path)).toBe(false);
  });

  test('only the one that deleted the last file removes the directory', () => {
    const path = newPath();
    mkdirSync(path);
    writeFileSync(join(path, RETIRED), '{}');
    const rival = interfereOnce(
      api.backend,
      (operation, [, name]) => operation === 'unlinkAt' && name === RETIRED,
      () => unlinkSync(join(path, RETIRED)),
    );
    expect(api.reclaimLockSync(path).reclaimed).toBe(false);
    expect(rival.happened).toBe(true);
    // If it were removed here, an older program could make its own directory before the rival comes to remove
    // it.
    expect(readdirSync(path)).toEqual([]);
    rmdirSync(path);
  });
});
