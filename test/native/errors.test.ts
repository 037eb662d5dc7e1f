import * as fs from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { describeRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { built, files, thrownBy, witness } from './addon.js';

describeRequiring([built], 'system errors of the addon', () => {
  let path: string;
  let directory: number;

  beforeEach(() => {
    path = tempDir();
    directory = files.openParent(path);
    return () => files.close(directory);
  });

  test('have the same shape as those of Node', () => {
    const error = thrownBy(() => files.openAt(directory, 'missing'));
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe('Error');
    expect(error.message).toBe("ENOENT: no such file or directory, openat 'missing'");
    expect({ ...error }).toEqual({
      errno: -constants.errno.ENOENT,
      code: 'ENOENT',
      syscall: 'openat',
      path: 'missing',
    });
    expect(error.stack).toContain('errors.test.ts');
  });

  test('name both ends of a rename', () => {
    const error = thrownBy(() => files.renameAt(directory, 'from', directory, 'to'));
    expect(error.message).toBe("ENOENT: no such file or directory, renameat 'from' -> 'to'");
    expect({ ...error }).toMatchObject({ syscall: 'renameat', path: 'from', dest: 'to' });
  });

  test('leave the path out where there is none', () => {
    const error = thrownBy(() => files.statDescriptor(2 ** 31 - 1));
    expect(error.message).toBe('EBADF: bad file descriptor, fstat');
    expect(Object.keys(error).sort()).toEqual(['code', 'errno', 'syscall']);
  });

  test('say the same words as Node for the same mistake', () => {
    fs.writeFileSync(join(path, 'file'), '');
    fs.mkdirSync(join(path, 'full/inside'), { recursive: true });
    fs.symlinkSync('loop', join(path, 'loop'));
    const long = 'x'.repeat(300);
    const pairs: [() => unknown, () => unknown][] = [
      [() => files.createAt(directory, 'file').descriptor, () => fs.openSync(join(path, 'file'), 'wx')],
      [() => files.findDirectoryAt(directory, 'file'), () => fs.readdirSync(join(path, 'file'))],
      [() => files.openAt(directory, 'loop'), () => fs.openSync(join(path, 'loop'), 'r')],
      [() => files.rmdirAt(directory, 'full'), () => fs.rmdirSync(join(path, 'full'))],
      [() => files.unlinkAt(directory, 'full'), () => fs.unlinkSync(join(path, 'full'))],
      [() => files.mkdirAt(directory, long), () => fs.mkdirSync(join(path, long))],
      [() => files.openParent(`/${'y/'.repeat(5000)}`), () => fs.statSync(`/${'y/'.repeat(5000)}`)],
      [() => files.openParent(''), () => fs.openSync('', 'r')],
      [() => files.read(directory, 1), () => fs.readSync(directory, Buffer.alloc(1))],
      [() => files.write(0x7fffffff, 'x'), () => fs.writeSync(0x7fffffff, 'x')],
    ];
    for (const [ours, theirs] of pairs) {
      const [error, model] = [thrownBy(ours), thrownBy(theirs)];
      expect(error.code).toBe(model.code);
      expect(error.errno).toBe(model.errno);
      expect(error.message.split(',')[0]).toBe(model.message.split(',')[0]);
    }
  });

  test('the kernel, and not the addon, refuses a name of too many bytes', () => {
    for (const letters of [2040, 2046, 2047, 2048, 2052, 2053, 4000]) {
      const name = 'ö'.repeat(letters);
      expect(thrownBy(() => files.openParent(name)).code).toBe('ENAMETOOLONG');
    }
    expect(thrownBy(() => files.openParent('ö/'.repeat(1365))).code).toBe('ENOENT');
    expect(thrownBy(() => files.openParent('ö/'.repeat(1366))).code).toBe('ENAMETOOLONG');
  });

  test('say that a witness is held elsewhere, or needs a writable descriptor', () => {
    const owner = files.createAt(directory, 'lock').descriptor;
    const second = files.openAt(directory, 'lock');
    expect(thrownBy(() => witness.take(second))).toMatchObject({ code: 'EBADF', syscall: 'fcntl' });
    witness.take(owner);
    const writable = fs.openSync(join(path, 'lock'), 'r+');
    expect(thrownBy(() => witness.take(writable))).toMatchObject({ code: 'EAGAIN', syscall: 'fcntl' });
    fs.closeSync(writable);
    files.close(second);
    files.close(owner);
  });
});
