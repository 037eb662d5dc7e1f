import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { waitUntilFree } from '../../src/lock/waiting/until-free.js';
import { onCleanup } from '../helpers/cleanup.js';
import { tempDir } from '../helpers/temp-dir.js';

test('a file that names its owner only from the second look on is waited for', async () => {
  const path = join(tempDir(), 'server.pid');
  fs.writeFileSync(path, '');
  const spy = vi.spyOn(fs, 'lstatSync').mockImplementationOnce((file) => {
    fs.writeFileSync(path, `${process.pid}\n`);
    return fs.statSync(file);
  });
  syncBuiltinESMExports();
  onCleanup(() => {
    spy.mockRestore();
    syncBuiltinESMExports();
  });
  await expect(waitUntilFree(path, { timeout: 300 })).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT' });
  expect(spy).toHaveBeenCalled();
});
