import { existsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { hasBackend, loadBackend, type TestedBackend } from '../helpers/backends.js';
import { onCleanup } from '../helpers/cleanup.js';
import { lockFile } from '../helpers/file-locks.js';
import { describeRequiring, hasProgram } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';

/** On ext4, xfs and tmpfs /proc/locks shows the st_dev of a file. */
const PLACE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

const NO_WITNESS = {
  "a reader's classic lock": ['posix:read:0:0'],
  "a reader's classic lock of one byte": ['posix:read:1000000:1'],
  "a reader's lock of its open file description": ['ofd:read:0:0'],
  "a reader's lock of one byte, of its open file description": ['ofd:read:1000000:1'],
  'a classic write lock': ['posix:write:0:0'],
  'a classic write lock of one byte': ['posix:write:5:1'],
  'readers of many kinds': ['posix:read:0:10', 'ofd:read:0:0'],
};

describeRequiring(
  [hasBackend('native'), hasBackend('procfs'), hasProgram('python3')],
  'a lock of a stranger on owner.json',
  () => {
    let path: string;
    let file: number;
    let type: string;
    let native: TestedBackend;
    let procfs: TestedBackend;
    beforeEach(() => {
      native = loadBackend('native');
      procfs = loadBackend('procfs');
      const directory = tempDir(PLACE);
      path = join(directory, 'owner.json');
      writeFileSync(path, '{}');
      const opened = native.files.openParent(directory);
      file = native.files.openAt(opened, 'owner.json');
      type = native.files.filesystem(opened).type;
      native.files.close(opened);
      onCleanup(() => native.files.close(file));
    });

    for (const [what, locks] of Object.entries(NO_WITNESS)) {
      test(`proves the witness free: ${what}`, async () => {
        await lockFile(path, ...locks);
        expect(native.witness.test(file, type)).toBe('free');
        // The lock is in the list, so that is sure however long the list is.
        expect(procfs.witness.test(file, type)).toBe('free');
        expect(native.witness.testAnyLock(file, type)).toBe('held');
        expect(procfs.witness.testAnyLock(file, type)).toBe('held');
      });
    }

    for (const access of ['read', 'write']) {
      test(`says nothing: flock, ${access}`, async () => {
        await lockFile(path, `flock:${access}:0:0`);
        expect(native.witness.test(file, type)).toBe('free');
        expect(native.witness.testAnyLock(file, type)).toBe('free');
        expect(procfs.witness.testAnyLock(file, type)).toBe('untestable');
        await until('the list of locks fits into one read', () => {
          const answer = procfs.witness.test(file, type);
          expect(answer).not.toBe('held');
          return answer === 'free';
        });
      });
    }

    test('is neither held nor free when it is a part of what a witness is', async () => {
      for (const range of ['0:100', '1:0']) {
        const holder = await lockFile(path, `ofd:write:${range}`);
        for (const { witness } of [native, procfs]) {
          expect(witness.test(file, type)).toBe('untestable');
          expect(witness.testAnyLock(file, type)).toBe('held');
        }
        await holder.kill();
      }
    });

    test('hides no witness by waiting behind it', async () => {
      const holder = await lockFile(path, 'ofd:write:0:0');
      await lockFile(path, 'ofd:wait-read:0:0');
      for (const { witness } of [native, procfs]) expect(witness.test(file, type)).toBe('held');
      await holder.kill();
      await until('the reader has its lock', () => native.witness.testAnyLock(file, type) === 'held');
      for (const { witness } of [native, procfs]) expect(witness.test(file, type)).toBe('free');
    });
  },
);
