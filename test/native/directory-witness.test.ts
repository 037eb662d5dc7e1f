// The witness of a lock that is nothing but a directory: a read lock of one byte, and an attribute that names it.
import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { addon, built, files, thrownBy, witness } from './addon.js';

const { directoryWitness } = addon;
const LARGEST = String(2n ** 62n - 1n);

/** The directory, opened twice: a description never sees its own lock. */
function openTwice(): { owner: number; observer: number; path: string } {
  const path = join(tempDir(), 'lock');
  mkdirSync(path);
  const parent = files.openParent(join(path, '..'));
  const [owner, observer] = [files.findDirectoryAt(parent, 'lock'), files.findDirectoryAt(parent, 'lock')];
  files.close(parent);
  return { owner: owner as number, observer: observer as number, path };
}

describeRequiring([built], 'the witness of a directory', () => {
  test('is held from the lock of exactly its byte on until the description is closed', () => {
    const { owner, observer } = openTwice();
    directoryWitness.take(owner, LARGEST);
    directoryWitness.take(owner, LARGEST);
    expect(directoryWitness.test(observer, LARGEST)).toBe('held');
    expect(directoryWitness.test(observer, '0')).toBe('free');
    expect(directoryWitness.test(owner, LARGEST)).toBe('free');
    // To whoever knows no such locks it is a lock of somebody.
    expect(witness.testAnyLock(observer, 'ext')).toBe('held');
    files.close(owner);
    expect(directoryWitness.test(observer, LARGEST)).toBe('free');
    files.close(observer);
  });

  test.each(['{"a":1}', 'ä'.repeat(900), ''])('has one record, which goes with the directory: %s', (text) => {
    const { owner, observer, path } = openTwice();
    expect(directoryWitness.readRecord(observer)).toBeNull();
    directoryWitness.writeRecord(owner, text);
    expect(thrownBy(() => directoryWitness.writeRecord(observer, 'another')).code).toBe('EEXIST');
    expect(directoryWitness.readRecord(observer)).toBe(text);
    rmdirSync(path);
    mkdirSync(path);
    const parent = files.openParent(join(path, '..'));
    const anew = files.findDirectoryAt(parent, 'lock') as number;
    expect(directoryWitness.readRecord(anew)).toBeNull();
    for (const fd of [owner, observer, anew, parent]) files.close(fd);
  });

  test('is refused what is no offset, and reports a descriptor that is not open', () => {
    const { owner, observer } = openTwice();
    for (const call of [directoryWitness.take, directoryWitness.test]) {
      expect(thrownBy(() => call(owner, String(2n ** 62n)))).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    }
    for (const fd of [owner, observer]) files.close(fd);
    const closed = 2 ** 31 - 1;
    expect(thrownBy(() => directoryWitness.take(closed, '1'))).toMatchObject({
      code: 'EBADF',
      syscall: 'fcntl',
    });
    expect(directoryWitness.test(closed, '1')).toBe('untestable');
    expect(thrownBy(() => directoryWitness.readRecord(closed))).toMatchObject({ syscall: 'fgetxattr' });
    expect(thrownBy(() => directoryWitness.writeRecord(closed, 'x'))).toMatchObject({ syscall: 'fsetxattr' });
    // procfs keeps no attributes of users.
    const proc = files.openParent('/');
    const directory = files.findDirectoryAt(proc, 'proc') as number;
    expect(thrownBy(() => directoryWitness.writeRecord(directory, 'x')).code).toMatch(
      /^(ENOTSUP|EOPNOTSUPP|EPERM|EACCES)$/,
    );
    for (const fd of [proc, directory]) files.close(fd);
  });
});
