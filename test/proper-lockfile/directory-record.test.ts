import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type DirectoryRecord,
  formatDirectoryRecord,
  parseDirectoryRecord,
} from '../../src/proper-lockfile/directory-record.js';

const decimal = (bits: number) => fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n }).map(String);
const records: fc.Arbitrary<DirectoryRecord> = fc.record({
  pid: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  acquiredAtMs: fc.nat(4_000_000_000_000),
  offset: decimal(62),
  device: decimal(64),
  inode: decimal(64),
  pidNamespace: fc.option(decimal(64)),
});

test('a record is read as it was written', () => {
  fc.assert(
    fc.property(records, (record) => {
      expect(parseDirectoryRecord(formatDirectoryRecord(record))).toEqual(record);
    }),
  );
});

test('an ordinary record finds room in an inode of ext4', () => {
  const record = {
    pid: 4_194_304,
    acquiredAtMs: Date.UTC(2050, 0),
    offset: String(2n ** 62n - 1n),
    device: '65024',
    inode: String(2 ** 32),
    pidNamespace: '4026531836',
  };
  expect(formatDirectoryRecord(record).length).toBeLessThanOrEqual(56);
});

test('whatever else stands there is no record, and never throws', () => {
  const [version, ...numbers] = formatDirectoryRecord({
    pid: 7,
    acquiredAtMs: 1,
    offset: '1',
    device: '1',
    inode: '1',
    pidNamespace: '1',
  }).split(' ');
  const wrong = [
    '',
    '{}',
    numbers.join(' '),
    ['2', ...numbers].join(' '),
    [version, ...numbers, '1'].join(' '),
    [version, ...numbers].join('  '),
    `${[version, ...numbers].join(' ')}\n`,
    [version, '0', ...numbers.slice(1)].join(' '),
    [version, 'zzzzzzz', ...numbers.slice(1)].join(' '),
    [version, '7', '1', 'zzzzzzzzzzzz', '1', '1', '1'].join(' '),
    [version, '7', '1', '-1', '1', '1', '1'].join(' '),
  ];
  for (const text of wrong) expect(parseDirectoryRecord(text), text).toBeNull();
  fc.assert(fc.property(fc.string(), (text) => void parseDirectoryRecord(text)));
});
