import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatOwnerRecord, type NewOwnerRecord, ownerRecordOf } from '../../src/record/format.js';
import { MAX_SETTLE } from '../../src/record/parse.js';
import { identities } from '../identity/identities.js';
import { newRecord, parsedRecord } from './records.js';

const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
const hex = (digits: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: digits, maxLength: digits });

const newRecords: fc.Arbitrary<NewOwnerRecord> = fc.record({
  starttime: fc.option(fc.integer({ min: 1, max: 1e11 }), { nil: null }),
  createdAtMs: fc.integer({ min: 1, max: 8_640_000_000_000 }),
  nonce: hex(32),
  identity: identities,
  filesystem: fc.constantFrom('ext', 'overlay', 'nfs', '9p', '794c7630'),
  witness: fc.option(
    fc.record({
      device: uint64,
      fsid: fc.option(hex(16), { nil: null }),
      inode: uint64,
      directory: fc.option(uint64, { nil: null }),
    }),
    { nil: null },
  ),
  lifeline: fc.option(
    fc.bigInt({ min: 0n, max: 2n ** 62n - 1n }).map((offset) => `time:${offset}`),
    { nil: null },
  ),
  lease: fc.option(
    fc.record(
      { durationMs: fc.integer({ min: 1 }), settleMs: fc.integer({ min: 1, max: MAX_SETTLE }) },
      { requiredKeys: ['durationMs'] },
    ),
    { nil: null },
  ),
  handedOver: fc.boolean(),
  label: fc.option(fc.string({ unit: 'binary', maxLength: 100 }), { nil: undefined }),
});

test('an owner record is read back as it was written', () => {
  fc.assert(
    fc.property(newRecords, (written) => {
      const { starttime, nonce, identity, filesystem, label } = written;
      const { witness, lifeline, lease, handedOver } = written;
      const text = formatOwnerRecord(written);
      expect(text).toBe(`${JSON.stringify(JSON.parse(text), null, 2)}\n`);
      const read = parsedRecord(text, 0);
      // The owner's own view of the record, which does not read the file.
      expect(ownerRecordOf(written)).toEqual(read);
      expect(read).toEqual({
        version: 1,
        pid: identity.pid,
        starttime,
        recordedAt: { ms: written.createdAtMs, resolutionMs: 1, source: 'record' },
        nonce,
        identity,
        filesystem,
        witness,
        lifeline,
        lease,
        handedOver,
        label: label ?? null,
        machine: null,
        claims: null,
        problem: null,
      });
    }),
    { numRuns: 2000 },
  );
});

describe('a program that knows only pid, starttime and createdAtMs', () => {
  const text = formatOwnerRecord(newRecord());

  test('finds them as numbers, before everything else', () => {
    const content = JSON.parse(text);
    expect(content).toMatchObject({ pid: 7, starttime: 5000, createdAtMs: 1_777_458_804_809 });
    expect(Object.keys(content).slice(0, 3)).toEqual(['pid', 'starttime', 'createdAtMs']);
  });

  test('finds no starttime rather than null where it is not known', () => {
    const content = JSON.parse(formatOwnerRecord(newRecord({ starttime: null })));
    expect(content).not.toHaveProperty('starttime');
    expect(content).toMatchObject({ pid: 7, createdAtMs: 1_777_458_804_809 });
  });

  test('finds the same layout: 2-space JSON and a trailing newline', () => {
    expect(text).toBe(`${JSON.stringify(JSON.parse(text), null, 2)}\n`);
    expect(text.startsWith('{\n  "pid": 7,\n  "starttime": 5000,\n  "createdAtMs": 1777458804809,\n')).toBe(
      true,
    );
  });
});

test('what an owner could not take or know is null, and a label or a lifeline is left out', () => {
  const content = JSON.parse(formatOwnerRecord(newRecord({ witness: null })));
  expect(content).toMatchObject({ witness: null, lease: null, filesystem: 'ext', version: 1 });
  expect(content).not.toHaveProperty('label');
  expect(content).not.toHaveProperty('lifeline');
});
