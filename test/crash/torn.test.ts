import { readdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { filesystemName } from '../../src/backend/procfs/filesystem.js';
import { startAgent } from '../helpers/agent.js';
import { hasBackend, TESTED } from '../helpers/backends.js';
import { ownerFile } from '../helpers/crafted.js';
import { describeRequiring, isBuilt, type Requirement, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

// A power failure can leave an owner.json torn when it was renamed before its content reached the disk. These
// tests tear the file in place, since a file of another inode could not carry the witness.

/** ms that an unreadable lock is left alone. */
const GRACE = 50;

const DAMAGES: Readonly<Record<string, (text: string) => string>> = {
  'cut to nothing': () => '',
  'cut in the middle': (text) => text.slice(0, text.length / 2),
  'cut before its last brace': (text) => text.slice(0, text.lastIndexOf('}')),
  'all NULs': (text) => '\0'.repeat(text.length),
  'NULs from the middle on': (text) => text.slice(0, text.length / 2).padEnd(text.length, '\0'),
};

function damage(path: string, how: (text: string) => string): void {
  writeFileSync(ownerFile(path), how(readFileSync(ownerFile(path), 'utf8')));
}

/**
 * /proc/locks names the files of this filesystem by the device that stat(2) shows, so plain Node can find its
 * lock.
 */
function listsLocks(): Requirement {
  const type = filesystemName(statfsSync(tmpdir(), { bigint: true }).type);
  return {
    available: type === 'ext' || type === 'xfs' || type === 'tmpfs',
    reason: `plain Node cannot test a witness on ${type}`,
  };
}

for (const backend of TESTED) {
  describeRequiring(
    [isBuilt(), hasBackend('native'), hasBackend(backend)],
    `a torn owner.json (${backend})`,
    () => {
      for (const [name, how] of Object.entries(DAMAGES)) {
        testRequiring([], `of a dead owner keeps others out for the grace only: ${name}`, async () => {
          const path = join(tempDir(), 'x.lock');
          const owner = await startAgent();
          await owner.acquire(path);
          await owner.kill();
          damage(path, how);
          const contender = await startAgent({ backend });
          expect(await contender.tryAcquire(path, { ownerlessGrace: 60_000 })).toBeNull();
          await contender.acquire(path, { ownerlessGrace: GRACE, timeout: 1000 });
          await contender.release(path);
          expect(readdirSync(dirname(path))).toEqual([]);
        });

        testRequiring(
          [listsLocks()],
          `of a live owner keeps others out for as long as it lives: ${name}`,
          async () => {
            const path = join(tempDir(), 'x.lock');
            const owner = await startAgent({ backend: 'native' });
            await owner.acquire(path);
            damage(path, how);
            await sleep(2 * GRACE);
            const contender = await startAgent({ backend });
            expect(await contender.tryAcquire(path, { ownerlessGrace: GRACE })).toBeNull();
            await owner.kill();
            await contender.acquire(path, { ownerlessGrace: GRACE, timeout: 1000 });
          },
        );
      }
    },
  );
}
