import { expect, test } from 'vitest';
import { TAKES } from '../deep/fuzz/addon-functions.mjs';
import { describeRequiring } from '../helpers/requirements.js';
import { addon, built, files, lifeline, openDescriptors, processes, thrownBy, witness } from './addon.js';

type Loose = (...args: unknown[]) => unknown;

const TYPE = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };
const RANGE = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' };

/** Every function with arguments it would accept. The descriptors are bad ones, so no file is changed. */
function accepted(): [string, Loose, unknown[]][] {
  const fd = 2 ** 31 - 1;
  const rows: [object, string, unknown[]][] = [
    [processes, 'pidNamespace', [1]],
    [processes, 'isInPidNamespace', [1, '1']],
    [processes, 'stat', [1]],
    [processes, 'status', [1]],
    [processes, 'openPidfd', [2 ** 31 - 1]],
    [processes, 'pidfdInode', [fd]],
    [processes, 'pidfdExited', [fd]],
    [processes, 'probePidfd', [2 ** 31 - 1]],
    [processes, 'setDeathSignal', [0]],
    [lifeline, 'takeThrough', [fd, 'time:1']],
    [files, 'openParent', ['/nowhere/at/all']],
    [files, 'findDirectoryAt', [fd, 'x']],
    [files, 'openAt', [fd, 'x']],
    [files, 'createAt', [fd, 'x']],
    [files, 'openText', [fd, 'x', 1]],
    [files, 'mkdirAt', [fd, 'x']],
    [files, 'createDirectoryAt', [fd, 'x']],
    [files, 'renameAt', [fd, 'x', fd, 'y']],
    [files, 'renameNoReplaceAt', [fd, 'x', fd, 'y']],
    [files, 'unlinkAt', [fd, 'x']],
    [files, 'rmdirAt', [fd, 'x']],
    [files, 'rmdirIfAt', [fd, 'x', fd]],
    [files, 'statAt', [fd, 'x']],
    [files, 'statDescriptor', [fd]],
    [files, 'statFresh', [fd]],
    [files, 'isAt', [fd, 'x', fd]],
    [files, 'isStillAt', [fd, 'x', fd, '1', '2']],
    [files, 'list', [fd, 1]],
    [files, 'read', [fd, 1]],
    [files, 'readText', [fd, 1]],
    [files, 'write', [fd, 'x']],
    [files, 'filesystem', [fd]],
    [files, 'close', [fd]],
    [files, 'closeIfStill', [fd, '1', '2']],
    [witness, 'take', [fd]],
    [witness, 'test', [fd, 'ext']],
    [witness, 'testAt', [fd, 'x', 'ext']],
    [addon.directoryWitness, 'take', [fd, '1']],
    [addon.directoryWitness, 'readRecord', [fd]],
    [addon.directoryWitness, 'writeRecord', [fd, '1']],
  ];
  return rows.map(([of, name, args]) => [name, (of as Record<string, Loose>)[name] as Loose, args]);
}

/** The parameters that are checked. The addon ignores the type of the filesystem, which other backends use. */
function checked(name: string, args: unknown[]): number[] {
  const type = name === 'test' ? 1 : name === 'testAt' ? 2 : -1;
  return args.map((_, index) => index).filter((index) => index !== type);
}

function replaced(args: unknown[], index: number, value: unknown): unknown[] {
  return args.map((arg, i) => (i === index ? value : arg));
}

describeRequiring([built], 'arguments of the addon', () => {
  test('every function is fuzzed by npm run test:deep -- addon-fuzz', () => {
    const functions = Object.entries(addon).flatMap(([name, value]) =>
      typeof value === 'object' ? Object.keys(value).map((key) => `${name}.${key}`) : name,
    );
    expect(functions.filter((name) => name !== 'sourceHash').sort()).toEqual(Object.keys(TAKES).sort());
  });

  test.each(accepted())('%s refuses arguments of another type', (name, call, args) => {
    for (const index of checked(name, args)) {
      for (const wrong of [null, {}, [], true, Symbol('x'), 1n, () => {}]) {
        expect(
          thrownBy(() => call(...replaced(args, index, wrong))),
          `${index}: ${String(wrong)}`,
        ).toMatchObject(TYPE);
      }
      const swapped = typeof args[index] === 'number' ? '1' : 1;
      expect(thrownBy(() => call(...replaced(args, index, swapped)))).toMatchObject(TYPE);
    }
  });

  test.each(accepted())('%s refuses to be called without arguments', (name, call) => {
    if (name === 'pidNamespace') expect(call()).toMatchObject({ inode: expect.any(String) });
    else expect(thrownBy(() => call())).toMatchObject(TYPE);
  });

  test.each(accepted())('%s refuses numbers that are not integers in its range', (name, call, args) => {
    for (const index of checked(name, args)) {
      if (typeof args[index] !== 'number') continue;
      for (const wrong of [Number.NaN, Infinity, -Infinity, 1.5, -1, 2 ** 31, 2 ** 53, -(2 ** 31), 1e300]) {
        expect(
          thrownBy(() => call(...replaced(args, index, wrong))),
          `${index}: ${wrong}`,
        ).toMatchObject(RANGE);
      }
    }
  });

  test('process numbers start at 1', () => {
    for (const call of [processes.stat, processes.status, processes.openPidfd, processes.pidNamespace]) {
      expect(thrownBy(() => call(0))).toMatchObject(RANGE);
    }
  });

  test('a name is one component, and a path has no null byte', () => {
    for (const [name, call, args] of accepted()) {
      if (name === 'write' || name === 'test') continue;
      for (const [index, arg] of args.entries()) {
        if (arg !== 'x' && arg !== 'y') continue;
        for (const wrong of ['', 'a/b', '/', 'a\0', '\0']) {
          expect(
            thrownBy(() => call(...replaced(args, index, wrong))),
            `${name} ${index}`,
          ).toMatchObject(TYPE);
        }
      }
    }
    expect(thrownBy(() => files.openParent('/tmp\0/x'))).toMatchObject(TYPE);
  });

  test('a decimal number is one of 64 bits, and nothing else', () => {
    const fd = 2 ** 31 - 1;
    for (const wrong of [
      '',
      '-1',
      '+1',
      ' 1',
      '1 ',
      '0x1',
      '1.0',
      '1e3',
      '18446744073709551616',
      '9'.repeat(40),
    ]) {
      expect(thrownBy(() => files.isStillAt(fd, 'x', fd, wrong, '1'))).toMatchObject(TYPE);
      expect(thrownBy(() => files.isStillAt(fd, 'x', fd, '1', wrong))).toMatchObject(TYPE);
    }
    const largest = '18446744073709551615';
    expect(thrownBy(() => files.isStillAt(fd, 'x', fd, largest, largest))).toMatchObject({ code: 'EBADF' });
  });

  test('random bytes go into a Uint8Array, of which they fill just the part that it shows', () => {
    for (const wrong of [undefined, null, 16, '16', [], new ArrayBuffer(16), new Int32Array(4)]) {
      expect(thrownBy(() => addon.fillRandom(wrong as unknown as Uint8Array))).toMatchObject(TYPE);
    }
    const memory = new Uint8Array(100_004);
    addon.fillRandom(memory.subarray(2, -2));
    expect([...memory.subarray(0, 2), ...memory.subarray(-2)]).toEqual([0, 0, 0, 0]);
    // Each of 256 values comes about 391 times; fewer than 250 or more than 550 is a chance of one in 10^10.
    const counts = new Uint32Array(256);
    for (const byte of memory.subarray(2, -2)) counts[byte] = (counts[byte] ?? 0) + 1;
    expect(Math.min(...counts)).toBeGreaterThan(250);
    expect(Math.max(...counts)).toBeLessThan(550);
    addon.fillRandom(new Uint8Array(0));
  });

  test('status knows one word', () => {
    expect(thrownBy(() => processes.status('selfish' as 'self'))).toMatchObject(TYPE);
  });

  test('a refused call opens nothing', () => {
    const before = openDescriptors();
    for (const [name, call, args] of accepted()) {
      for (const index of checked(name, args)) thrownBy(() => call(...replaced(args, index, {})));
    }
    expect(openDescriptors()).toBe(before);
  });
});
