import { describe, expect, test } from 'vitest';
import { parseBootId } from '../../src/backend/procfs/boot-id.js';
import { filesystemName } from '../../src/backend/procfs/filesystem.js';
import { listsWriteLock, splitDevice } from '../../src/backend/procfs/locks.js';
import { parseStat } from '../../src/backend/procfs/stat.js';
import { parseStatus } from '../../src/backend/procfs/status.js';
import { parseTimeOffsets } from '../../src/backend/procfs/time-offset.js';
import { systemError, withSubject } from '../../src/backend/system-error.js';

const FIELDS = 'S 5206 5075 2605 0 -1 4194304 2508 0 0 0 4 0 0 0 20 0';

function statOf(comm: string, fields = `${FIELDS} 11 0 150989 779808768 10879\n`): Buffer {
  return Buffer.from(`6124 (${comm}) ${fields}`, 'latin1');
}

describe('parseStat', () => {
  test.each([
    ['an ordinary name', 'node'],
    ['no name', ''],
    ['spaces', 'Web Content'],
    ['parentheses', 'sd-pam) (('],
    ['the fields of a zombie', ') Z 1 \n('],
    ['a complete forgery', ') X 1 1 1 0 (x)'],
    ['newlines', 'a\nb\n'],
    ['bytes that are no UTF-8', '\xff\xfe\xe4'],
    ['a right parenthesis at its end', 'x)'],
  ])('reads past %s', (_, comm) => {
    expect(parseStat(statOf(comm))).toEqual({ state: 'S', threads: 11, startTicks: 150989 });
  });

  test('knows a start before the beginning of time from a late one', () => {
    const start = (ticks: string) => parseStat(statOf('a', `${FIELDS} 1 0 ${ticks} 0\n`))?.startTicks;
    // The process was born 100 s before the clock of the reader's time namespace began: (2^64 - 100e9) /
    // 10^7.
    expect(start(((2n ** 64n - 100_000_000_000n) / 10_000_000n).toString())).toBeNull();
    expect(start('18446744073709541616')).toBeNull();
    // This one was born ten years after boot.
    expect(start('31536000000')).toBe(31_536_000_000);
    expect(start('0')).toBe(0);
  });

  test.each([
    ['nothing', ''],
    ['no command', '1 2 3'],
    ['a command alone', '6124 (node) '],
    ['a text cut within the start time', `6124 (node) ${FIELDS} 11 0 1509`],
    ['words for numbers', `6124 (node) ${FIELDS} eleven 0 150989 0\n`],
    ['a state of two letters', `6124 (node) SS ${FIELDS.slice(2)} 11 0 150989 0\n`],
  ])('refuses %s', (_, text) => {
    expect(parseStat(Buffer.from(text))).toBeNull();
  });
});

describe('parseStatus', () => {
  const status = (middle: string) =>
    Buffer.from(`Name:\tx\nUmask:\t0022\nTgid:\t12\nNgid:\t0\nPid:\t13\n${middle}Threads:\t2\n`);

  test('reads the group and one number for each namespace', () => {
    expect(parseStatus(status('NStgid:\t12\t3\nNSpid:\t13\t4\t1\n'))).toEqual({
      tgid: 12,
      nsPids: [13, 4, 1],
    });
  });

  test('knows no numbers where the kernel gives none', () => {
    expect(parseStatus(status(''))).toEqual({ tgid: 12, nsPids: [] });
  });

  test('is not taken in by a name', () => {
    // The kernel writes a newline in a name as \n in two characters.
    const text = 'Name:\tTgid:\\nTgid:\t1\nTgid:\t12\nNSpid:\t12\n';
    expect(parseStatus(Buffer.from(text))).toEqual({ tgid: 12, nsPids: [12] });
  });

  test('refuses a text without a group', () => {
    expect(parseStatus(Buffer.from('Name:\tx\n'))).toBeNull();
  });
});

describe('parseTimeOffsets', () => {
  const parse = (text: string) => parseTimeOffsets(Buffer.from(text));

  test('takes the clock that start ticks are counted on', () => {
    expect(parse('monotonic           7         8\nboottime       100000 500000000\n')).toEqual({
      seconds: 100_000,
      nanoseconds: 500_000_000,
    });
    expect(parse('monotonic 0 0\nboottime -3 250000000\n')).toEqual({
      seconds: -3,
      nanoseconds: 250_000_000,
    });
  });

  test('knows the names of Linux 5.6, which are numbers', () => {
    expect(parse('1 5 0\n7 6 0\n')).toEqual({ seconds: 6, nanoseconds: 0 });
  });

  test.each(['', 'monotonic 1 2\n', 'boottime x y\n', 'boottime 1 1000000000\n'])('refuses %j', (text) => {
    expect(parse(text)).toBeNull();
  });
});

describe('parseBootId', () => {
  test('takes a UUID in either case', () => {
    expect(parseBootId(Buffer.from('8E48758F-efa9-4dce-b218-680f36d782e3\n'))).toBe(
      '8e48758f-efa9-4dce-b218-680f36d782e3',
    );
  });

  test.each(['', 'abc\n', '8e48758f-efa9-4dce-b218-680f36d782e3 and more'])('refuses %j', (text) => {
    expect(parseBootId(Buffer.from(text))).toBeNull();
  });
});

describe('listsWriteLock', () => {
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
    '',
  ].join('\n');
  const held = (major: bigint, minor: bigint, inode: bigint) =>
    listsWriteLock(LOCKS, { major, minor, inode });

  test('finds the lock of the file', () => {
    expect(held(0xfen, 0n, 2146423n)).toBe(true);
    expect(held(0n, 0x1an, 17n)).toBe(true);
    expect(held(0x103n, 2n, 18n)).toBe(true);
  });

  test('minds kind, strength, device and the whole inode', () => {
    expect(held(0xfen, 0n, 11n)).toBe(false);
    expect(held(0xfen, 0n, 12n)).toBe(false);
    expect(held(0xfen, 0n, 13n)).toBe(false);
    expect(held(0xfen, 1n, 2146423n)).toBe(false);
    expect(held(0xfdn, 0n, 2146423n)).toBe(false);
    expect(held(0xfen, 0n, 214642n)).toBe(false);
    expect(held(0xfen, 0n, 0x2146423n)).toBe(false);
  });

  test('does not take waiting for holding', () => {
    expect(held(0xfen, 0n, 15n)).toBe(false);
    expect(held(0xfen, 0n, 16n)).toBe(false);
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
