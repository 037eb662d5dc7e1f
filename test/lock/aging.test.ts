import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { startAgent } from '../helpers/agent.js';
import { hasBackend } from '../helpers/backends.js';
import { hasProgram, isBuilt, isRoot, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';

// systemd-tmpfiles(8) deletes what is old in /tmp and /var/tmp: 10 and 30 days by default, here a second.
testRequiring(
  [isBuilt(), hasBackend('native'), isRoot(), hasProgram('systemd-tmpfiles')],
  'systemd-tmpfiles spares a lock that is held, and deletes it by its age once its owner is dead',
  async () => {
    const directory = tempDir();
    const rules = join(tempDir(), 'rules.conf');
    writeFileSync(rules, `d ${directory} 1777 root root 1s\n`);
    const clean = () => execFileSync('systemd-tmpfiles', ['--clean', rules]);
    const [path, other] = [join(directory, 'x.lock'), join(directory, 'other')];
    const owner = await startAgent({ backend: 'native' });
    await owner.acquire(path);
    mkdirSync(other);
    await until('a directory beside it is deleted', () => {
      clean();
      return !existsSync(other);
    });
    expect(await owner.verify(path)).toBe(true);
    expect(existsSync(join(path, 'owner.json'))).toBe(true);
    await owner.kill();
    await until('the lock is deleted', () => {
      clean();
      return !existsSync(path);
    });
  },
);
