import { describe, expect, test } from 'vitest';
import { parseBootId } from '../../src/backend/procfs/boot-id.js';
import { filesystemName } from '../../src/backend/procfs/filesystem.js';
import { type ListedLock, locksOn, splitDevice } from '../../src/backend/procfs/locks.js';
import { parseStat } from '../../src/backend/procfs/stat.js';
import { parseStatus } from '../../src/backend/procfs/status.js';
import { parseTimeOffsets } from '../../src/backend/procfs/time-offset.js';
import { systemError, withSubject } from '../../src/backend/system-error.js';
import { PROC_FILES, type ProcFile, procTexts } from '../helpers/proc-texts.js';

const PARSERS: Record<ProcFile, (content: Buffer) => unknown> = {
  stat: parseStat,
  status: parseStatus,
  timens_offsets: parseTimeOffsets,
  boot_id: parseBootId,
};

describe.each(PROC_FILES)('the parser of %s', (file) => {
  test.each(procTexts(file).map((each) => [each.what, each] as const))('reads %s', (_, { text, value }) => {
    expect(PARSERS[file](text)).toEqual(value);
  });
});

describe('locksOn', () => {
  const LOCKS = [
    '1: POSIX  ADVISORY  WRITE 900 fe:00:11 0 EOF',
    '2: FLOCK  ADVISORY  WRITE 901 fe:00:12 0 EOF',
    '3: OFDLCK ADVISORY  READ -1 fe:00:13 0 EOF',
    '4: OFDLCK ADVISORY  WRITE -1 fe:00:2146423 0 EOF',
    '4: -> OFDLCK ADVISORY  WRITE -1 fe:00:15 0 EOF',
    '4:  -> OFDLCK ADVISORY  WRITE -1 fe:00:16 0 EOF',
    '5: OFDLCK ADVISORY  WRITE -1 00:1a:17 0 EOF',
    '6: OFDLCK ADVISORY  WRITE <none>:0 0 EOF',
    '12: OFDLCK ADVISORY  WRITE 0 103:00002:18 0 EOF',
    '13: POSIX  MANDATORY READ 902 fe:00:11 9223372036854775806 9223372036854775806',
    '14: LEASE  ACTIVE    READ 903 fe:00:19 0 EOF',
    '15: POSIX  *NOINODE* WRITE 904 <none>:0 0 EOF',
    '16: OFDLCK ADVISORY  WRITE -1 fe:00:2146423 0 E',
    '',
  ].join('\n');
  const on = (major: bigint, minor: bigint, inode: bigint) => locksOn(LOCKS, { major, minor, inode });
  const whole: ListedLock = { kind: 'OFDLCK', access: 'WRITE', start: '0', end: 'EOF' };

  test('finds the locks of the file', () => {
    expect(on(0xfen, 0n, 2146423n)).toEqual([whole]);
    expect(on(0n, 0x1an, 17n)).toEqual([whole]);
    expect(on(0x103n, 2n, 18n)).toEqual([whole]);
    expect(on(0xfen, 0n, 13n)).toEqual([{ ...whole, access: 'READ' }]);
    const last = '9223372036854775806';
    expect(on(0xfen, 0n, 11n)).toEqual([
      { ...whole, kind: 'POSIX' },
      { kind: 'POSIX', access: 'READ', start: last, end: last },
    ]);
  });

  test('minds the device and the whole inode', () => {
    expect(on(0xfen, 1n, 2146423n)).toEqual([]);
    expect(on(0xfdn, 0n, 2146423n)).toEqual([]);
    expect(on(0xfen, 0n, 214642n)).toEqual([]);
    expect(on(0xfen, 0n, 0x2146423n)).toEqual([]);
  });

  test('leaves out what locks no range of bytes', () => {
    expect(on(0xfen, 0n, 12n)).toEqual([]);
    expect(on(0xfen, 0n, 19n)).toEqual([]);
  });

  test('does not take waiting for holding', () => {
    expect(on(0xfen, 0n, 15n)).toEqual([]);
    expect(on(0xfen, 0n, 16n)).toEqual([]);
  });
});

describe('splitDevice', () => {
  test.each([
    [0xfe00n, 0xfen, 0n],
    [0x1an, 0n, 0x1an],
    [66_306n, 0x103n, 2n],
    // Both numbers need more than their first piece: major 0x12345, minor 0x6789a.
    [0x0001_2000_6783_459an, 0x12345n, 0x6789an],
  ])('takes %d apart', (device, major, minor) => {
    expect(splitDevice(device)).toEqual({ major, minor });
  });
});

describe('filesystemName', () => {
  test('knows a magic, sign-extended or not, and shows one it has no name for', () => {
    expect(filesystemName(0xef53n)).toBe('ext');
    expect(filesystemName(0xff534d42n)).toBe('cifs');
    expect(filesystemName(BigInt.asIntN(32, 0xff534d42n))).toBe('cifs');
    expect(filesystemName(BigInt.asUintN(64, BigInt.asIntN(32, 0x9123683en)))).toBe('btrfs');
    expect(filesystemName(0xabcdn)).toBe('0xabcd');
  });
});

describe('systemError', () => {
  test('has the shape and the words of Node', () => {
    expect(systemError('ENOENT', 'open', { path: 'owner.json' })).toMatchObject({
      message: "ENOENT: no such file or directory, open 'owner.json'",
      errno: -2,
      code: 'ENOENT',
      syscall: 'open',
      path: 'owner.json',
    });
    expect(systemError('ENOSYS', 'rename', { path: 'a', dest: 'b' }).message).toBe(
      "ENOSYS: function not implemented, rename 'a' -> 'b'",
    );
    expect(systemError('EBADF', 'close')).not.toHaveProperty('path');
  });

  test('leaves faults of the program alone', () => {
    const fault = new TypeError('no');
    expect(() =>
      withSubject({}, () => {
        throw fault;
      }),
    ).toThrow(fault);
  });
});
