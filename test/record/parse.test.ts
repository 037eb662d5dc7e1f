import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatIdentity } from '../../src/identity/format.js';
import { machineRecord } from '../../src/record/legacy-fields.js';
import type { OwnerRecord } from '../../src/record/owner-record.js';
import { MAX_SETTLE, parseOwnerFile, recordFromCaller } from '../../src/record/parse.js';
import { ISO_MS, MTIME, newRecord, nothing, ownContent, parsedRecord, textOf } from './records.js';

/** Reads a fixture: what an older program wrote, unchanged. */
function recorded(name: string): string {
  return readFileSync(new URL(`../fixtures/locks/${name}`, import.meta.url), 'utf8');
}

function atRecordTime(ms: number, resolutionMs = 1): Partial<OwnerRecord> {
  return { recordedAt: { ms, resolutionMs, source: 'record' } };
}

const BOOT_OF_MERIDIAN = '11111111-1111-4111-8111-111111111111';

const AT_MTIME: Partial<OwnerRecord> = {
  recordedAt: { ms: MTIME, resolutionMs: 10, source: 'file mtime' },
};

describe('the owner file of', () => {
  test.each<[string, string, Partial<OwnerRecord>]>([
    ['OpenClaw, old', 'openclaw-old.lock/owner.json', { pid: 7, ...atRecordTime(1777458804809) }],
    [
      'OpenClaw as quoted in #75028',
      'openclaw-quoted.lock/owner.json',
      { pid: 7, ...atRecordTime(Date.UTC(2026, 3, 30, 7, 37), 1000) },
    ],
    [
      'OpenClaw, fixed',
      'openclaw-fixed.lock/owner.json',
      { pid: 7, starttime: 4632230778, ...atRecordTime(1777458804809) },
    ],
    [
      'an OpenClaw session',
      'openclaw-session.jsonl.lock',
      { pid: 32504, starttime: 7204072, ...atRecordTime(ISO_MS) },
    ],
    [
      'the OpenClaw gateway, with startTime in camel case',
      'openclaw-gateway.lock',
      { pid: 203424, starttime: 123456, ...atRecordTime(ISO_MS) },
    ],
    ['the Matrix crypto store', 'matrix-crypto.lock', { pid: 2, ...AT_MTIME }],
    [
      'paseo',
      'paseo.pid',
      { pid: 14, ...atRecordTime(ISO_MS), machine: machineRecord({ hostname: 'pod-abc' }) },
    ],
    ['a dev server', 'dev.lock', { pid: 1, ...atRecordTime(1777458804809) }],
    [
      'meridian, whose version is not ours',
      'meridian.lock',
      { pid: 1, starttime: 123456, ...AT_MTIME, machine: machineRecord({ bootId: BOOT_OF_MERIDIAN }) },
    ],
  ])('%s names its pid and time', (_name, file, expected) => {
    const record = parsedRecord(recorded(file), MTIME);
    expect(record).toEqual({ ...nothing, ...expected, claims: record.claims });
    expect(Object.isFrozen(record)).toBe(true);
  });

  test('kubo, without a pid under that name, is foreign here', () => {
    expect(parseOwnerFile(recorded('kubo-repo.lock'), MTIME)).toEqual({ kind: 'foreign' });
  });
});

describe('the time of an older record', () => {
  test.each<[string, unknown, number | null, number]>([
    ['to the millisecond', '2026-05-26T07:22:46.211Z', ISO_MS, 1],
    ['to the microsecond', '2026-05-26T07:22:46.211987Z', ISO_MS, 1],
    ['to the second', '2026-05-26T07:22:46Z', ISO_MS - 211, 1000],
    ['to a tenth of a second', '2026-05-26T07:22:46.2Z', ISO_MS - 11, 1000],
    ['with a zone', '2026-05-26T09:22:46.211+02:00', ISO_MS, 1],
    ['in ms since the epoch', ISO_MS, ISO_MS, 1],
    ['in seconds since the epoch', Math.floor(ISO_MS / 1000), ISO_MS - 211, 1000],
    ['in seconds with a fraction', ISO_MS / 1000, ISO_MS, 1],
    ['to the day: not to be used', '2026-05-26', null, 0],
    ['to the minute', '2026-05-26T07:22Z', ISO_MS - 46_211, 60_000],
    ['in digits of a string', String(ISO_MS), ISO_MS, 1],
    ['as date -u prints it', 'Tue May 26 07:22:46 UTC 2026', ISO_MS - 211, 1000],
    ['as ps prints it, in local time: not to be used', 'Tue May 26 07:22:46 2026', null, 0],
    ["in its writer's local time: not to be used", '2026-05-26T07:22:46.211', null, 0],
    ['in words: not to be used', 'Tue May 26 2026 07:22:46 GMT', null, 0],
    ['out of range: not to be used', '2026-13-26T07:22:46Z', null, 0],
    ['zero: not to be used', 0, null, 0],
    ['negative: not to be used', -1, null, 0],
    ['in start ticks: not to be used', 7_204_072, null, 0],
    ['of another type: not to be used', { ms: 1 }, null, 0],
  ])('%s', (_name, createdAt, ms, resolutionMs) => {
    const expected = ms === null ? AT_MTIME : atRecordTime(ms, resolutionMs);
    expect(parsedRecord(JSON.stringify({ pid: 7, createdAt }), MTIME)).toMatchObject(expected);
  });

  test('is the latest that it names', () => {
    const names = { startedAt: ISO_MS - 9000, createdAt: 'x', acquired_at: ISO_MS, updatedAt: ISO_MS + 1 };
    expect(parsedRecord(JSON.stringify({ pid: 7, ...names }), MTIME)).toMatchObject(atRecordTime(ISO_MS));
  });

  test('is that of its file, where the file was written later', () => {
    const text = JSON.stringify({ pid: 7, createdAt: ISO_MS });
    const later = { ms: ISO_MS + 60_000, resolutionMs: 10, source: 'file mtime' };
    const writtenAt = { ms: ISO_MS, resolutionMs: 1, source: 'record' };
    expect(parsedRecord(text, later.ms)).toMatchObject({
      recordedAt: later,
      claims: { writtenAt, touchedAt: later },
    });
  });

  test('is not known without an mtime', () => {
    expect(parsedRecord('{"pid":7}', null).recordedAt).toBeNull();
  });
});

describe('a pid that is none', () => {
  test.each([-7, 2 ** 31, 1.5, 1e300, '', '-7', '7.0', '0x7', null, true, [], [7], {}, { pid: 7 }])(
    '%j makes an older record malformed, never one of another process',
    (pid) => {
      const record = parsedRecord(JSON.stringify({ pid, createdAtMs: 1 }), MTIME);
      expect(record.pid).toBeNull();
      expect(record.problem).toMatch(/^pid .* is not a process number/);
    },
  );

  test.each([
    [4_194_305, 'pid 4194305 is not a process number: there is none above 4194304'],
    [20_261_128, 'pid 20261128 is not a process number: there is none above 4194304'],
    ['54321987', 'pid "54321987" is not a process number: there is none above 4194304'],
    [1_777_458_804, 'pid 1777458804 is not a process number, but seems to be a time'],
    [1_777_458_804_809, 'pid 1777458804809 is not a process number, but seems to be a time'],
  ])('%j cannot be one on Linux, and the record says why', (pid, problem) => {
    expect(parsedRecord(JSON.stringify({ pid }), MTIME)).toMatchObject({ pid: null, problem });
  });

  test.each([0, -1])('%j names nobody, but not where something else may speak for an owner', (pid) => {
    for (const more of [{ childPid: 7 }, { heartbeatAt: ISO_MS }]) {
      expect(parsedRecord(JSON.stringify({ pid, ...more }), MTIME)).toMatchObject({
        pid: null,
        problem: `pid ${pid} names nobody`,
      });
    }
  });

  test('shows its text, but not all of a long one', () => {
    const { problem } = parsedRecord(JSON.stringify({ pid: 'x'.repeat(1_000_000) }), null);
    expect(problem).toBe(`pid "${'x'.repeat(40)}" is not a process number`);
  });

  test('the largest pid is one, also as text', () => {
    expect(parsedRecord('{"pid":4194304}', null)).toMatchObject({ pid: 4_194_304, problem: null });
    expect(parsedRecord('{"pid":"4194304"}', null)).toMatchObject({ pid: 4_194_304, problem: null });
  });
});

describe('a key that a record gives twice', () => {
  test.each([
    ['the pid', '{"pid":7,"pid":8}', '"pid"'],
    ['an escaped pid', '{"p\\u0069d":7,"pid":8}', '"pid"'],
    ['a key further in', '{"pid":7,"a":[{"b":{"c":1,"d":2,"c":3}}]}', '"c"'],
  ])('makes it malformed: %s', (_name, text, key) => {
    expect(parsedRecord(text, MTIME).problem).toBe(`it gives ${key} twice`);
  });

  test.each([
    '{"pid":7,"a":{"pid":7}}',
    '{"pid":7,"a":[{"b":1},{"b":1}]}',
    '{"pid":7,"a":"pid\\":","b":":"}',
  ])('is none where the keys stand in different objects, or in texts: %s', (text) => {
    expect(parsedRecord(text, MTIME).problem).toBeNull();
  });
});

describe('start ticks that are none', () => {
  test.each([-1, 1.5, 1e11 + 1, 2 ** 53, 1e300, '5000', null, true, [5000]])(
    '%j are not known',
    (starttime) => {
      expect(parsedRecord(JSON.stringify({ pid: 7, starttime }), null)).toMatchObject({
        starttime: null,
        problem: null,
      });
    },
  );
});

describe('a torn owner file', () => {
  const whole = textOf(ownContent());
  test.each([
    ['empty', ''],
    ['blank', ' \n\t'],
    ['zeroed', '\0'.repeat(512)],
    ['one brace', '{'],
    ['a brace and zeroes', '{\0\0\0'],
    ['cut within a key', '{\n  "pi'],
    ['cut within a number', '{\n  "pid": 7'],
    ['followed by zeroes in its place', `${whole.slice(0, 100)}${'\0'.repeat(100)}`],
    ['overlaid by a shorter one', `{"pid":7}\n${whole.slice(20)}`],
    // OpenClaw writes these numbers for nobody.
    ['of pid 0', '{"pid":0,"createdAtMs":0}'],
    ['of pid -1', '{"pid":-1}'],
  ])('%s', (_name, text) => {
    expect(parseOwnerFile(text, MTIME)).toEqual({ kind: 'torn' });
  });

  test('cut anywhere', () => {
    for (let length = 0; length < whole.trimEnd().length; length++) {
      expect(parseOwnerFile(whole.slice(0, length), MTIME)).toEqual({ kind: 'torn' });
    }
  });

  test('a whole record with zeroes behind it is whole', () => {
    expect(parsedRecord(`${whole}${'\0'.repeat(100)}`, MTIME).problem).toBeNull();
  });
});

describe("somebody's data", () => {
  test.each([
    '[]',
    '[{"pid":7}]',
    'hello',
    '"pid"',
    '7',
    'null',
    'true',
    '{}',
    '{"name":"Bob"}',
    '<xml/>',
    '[',
    '\ud800',
  ])('%j is foreign', (text) => {
    expect(parseOwnerFile(text, MTIME)).toEqual({ kind: 'foreign' });
  });

  test('a __proto__ with a pid is no pid', () => {
    expect(parseOwnerFile('{"__proto__":{"pid":7}}', MTIME)).toEqual({ kind: 'foreign' });
  });
});

describe('a record of this package', () => {
  test('is malformed by one wrong field that tells who it is', () => {
    const wrong: [string, unknown, string][] = [
      ['version', 0, 'version is not a positive integer'],
      ['version', '1', 'version is not a positive integer'],
      ['version', undefined, 'version is not a positive integer'],
      ['nonce', undefined, 'nonce is not 32 hexadecimal digits'],
      ['nonce', 7, 'nonce is not 32 hexadecimal digits'],
      ['nonce', 'F'.repeat(32), 'nonce is not 32 hexadecimal digits'],
      ['nonce', 'f'.repeat(31), 'nonce is not 32 hexadecimal digits'],
      ['nonce', `${'f'.repeat(32)}\n`, 'nonce is not 32 hexadecimal digits'],
      ['pid', 8, 'pid differs from the pid in the identity'],
      ['pid', undefined, 'foreign'],
      ['pid', '7', 'pid differs from the pid in the identity; pid "7" is not a process number'],
      ['identity', null, 'identity: not an object'],
      ['identity', [], 'identity: not an object'],
      ['identity', 'x', 'identity: not an object'],
      ['identity', {}, 'identity: version is not a positive integer'],
      ['identity', { ...ownContent().identity, pidfdInode: 7 }, 'identity: pidfdInode of the wrong type'],
    ];
    for (const [field, value, problem] of wrong) {
      const parsed = parseOwnerFile(JSON.stringify({ ...ownContent(), [field]: value }), MTIME);
      const found = parsed.kind === 'record' ? parsed.record.problem : parsed.kind;
      expect(found, `${field}: ${JSON.stringify(value)}`).toContain(problem);
    }
  });

  test.each<[string, readonly unknown[], Partial<OwnerRecord>]>([
    ['starttime', ['5000', 0, -1, 1.5, null, []], { starttime: null }],
    ['filesystem', [7, '', 'EXT', 'ext4 ', 'x'.repeat(33), null, {}], { filesystem: null }],
    ['lease', [7, 'x', [], {}, { durationMs: 0 }, { durationMs: '1' }, { durationMs: 1.5 }], { lease: null }],
    ['label', [7, null, [], {}], { label: null }],
    [
      'witness',
      [
        7,
        'x',
        [],
        {},
        { device: '1' },
        { inode: '2' },
        { device: 1, inode: '2' },
        { device: '1', inode: 2 },
        { device: '-1', inode: '2' },
        { device: '01', inode: '2' },
      ],
      { witness: null },
    ],
  ])('does not know a %s of a wrong type, and stays usable', (field, values, expected) => {
    for (const value of values) {
      const record = parsedRecord(JSON.stringify({ ...ownContent(), [field]: value }), MTIME);
      expect(record, JSON.stringify(value)).toMatchObject({ ...expected, problem: null });
    }
  });

  test('takes the longest settle for one that it cannot read', () => {
    const settleOf = (settleMs: unknown) => {
      const lease = { durationMs: 5_000, settleMs };
      return parsedRecord(JSON.stringify({ ...ownContent(), lease }), MTIME).lease?.settleMs;
    };
    for (const settleMs of [0, undefined]) expect(settleOf(settleMs)).toBeUndefined();
    for (const settleMs of [1, 300, MAX_SETTLE]) expect(settleOf(settleMs)).toBe(settleMs);
    for (const settleMs of [-1, 1.5, '300', null, [], {}, true, MAX_SETTLE + 1, 2 ** 60]) {
      expect(settleOf(settleMs), JSON.stringify(settleMs)).toBe(MAX_SETTLE);
    }
  });

  test('does not know a filesystem id of a wrong type, and keeps its witness', () => {
    for (const fsid of [7, '', 'XYZ', 'ABC', 'f'.repeat(17), null, undefined]) {
      const witness = { device: '1', inode: '2', fsid };
      const record = parsedRecord(JSON.stringify({ ...ownContent(), witness }), MTIME);
      expect(record.witness).toEqual({ device: '1', inode: '2', fsid: null, directory: null });
    }
  });

  test('does not know the number of a directory of a wrong type, and keeps its witness', () => {
    for (const directory of [7, '', '-1', '01', '1'.repeat(21), {}, [], null, undefined]) {
      const witness = { device: '1', inode: '2', fsid: null, directory };
      const record = parsedRecord(JSON.stringify({ ...ownContent(), witness }), MTIME);
      expect(record.witness).toEqual({ ...witness, directory: null });
    }
  });

  test('does not know a lifeline that is none, and takes any that a lock can have', () => {
    const read = (lifeline: unknown) =>
      parsedRecord(JSON.stringify({ ...ownContent(), lifeline }), MTIME).lifeline;
    const wrong = [
      7,
      '',
      'time',
      'time:',
      'time:-1',
      'time:01',
      'time:x',
      ' time:1',
      `time:${2n ** 62n}`,
      {},
    ];
    for (const lifeline of [...wrong, ['time:1'], null, undefined]) expect(read(lifeline)).toBe(null);
    for (const lifeline of ['time:0', `user:${2n ** 62n - 1n}`]) expect(read(lifeline)).toBe(lifeline);
  });

  test('of a newer version is usable by what is understood of it', () => {
    const newer = { ...ownContent(), version: 2, nonce: { bits: 256 }, pid: '7:5000', more: true };
    expect(parsedRecord(JSON.stringify(newer), MTIME)).toMatchObject({
      version: 2,
      nonce: null,
      pid: null,
      problem: null,
      witness: ownContent().witness,
    });
  });

  test('of a newer version without any identity that can be read is malformed', () => {
    const newer = { ...ownContent(), version: 2, identity: 'kernel:linux:7' };
    expect(parsedRecord(JSON.stringify(newer), MTIME).problem).toBe('identity: not an object');
  });

  test('has a label of bounded length', () => {
    const labelled = { ...ownContent(), label: 'x'.repeat(1_000_000) };
    expect(parsedRecord(JSON.stringify(labelled), MTIME).label).toBe('x'.repeat(256));
  });
});

describe('any content', () => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  test.each([
    ['a pid nested deeply', `{"pid":${deep}}`],
    ['an identity nested deeply', `{"pid":7,"identity":${deep}}`],
    [
      'a witness nested deeply',
      textOf({ ...ownContent() }).replace('"witness": {', `"x":${deep},"witness": {`),
    ],
    ['brackets that never close', '['.repeat(10_000_000)],
    ['braces that never close', '{"pid":'.repeat(1_000_000)],
    ['ten megabytes of text', 'x'.repeat(10_000_000)],
    ['ten megabytes of a pid', `{"pid":"${'x'.repeat(10_000_000)}"}`],
    ['ten megabytes of digits', `{"pid":${'7'.repeat(10_000_000)}}`],
    ['a lone surrogate', '{"pid":"\ud800","label":"\udfff"}'],
  ])('%s is read without an exception', (_name, text) => {
    const parsed = parseOwnerFile(text, MTIME);
    expect(['record', 'torn', 'foreign']).toContain(parsed.kind);
    if (parsed.kind === 'record') expect(String(parsed.record.problem).length).toBeLessThan(200);
  });

  test('of random text and JSON is read without an exception', () => {
    const keys = fc.constantFrom('pid', ...Object.keys(ownContent()), 'createdAt', '__proto__');
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.dictionary(keys, fc.jsonValue()).map((value) => JSON.stringify(value)),
      fc.tuple(keys, fc.jsonValue()).map(([key, value]) => JSON.stringify({ ...ownContent(), [key]: value })),
      fc.nat(1000).map((length) => textOf(ownContent()).slice(0, length)),
    );
    fc.assert(
      fc.property(texts, fc.option(fc.double()), (text, mtimeMs) => {
        const parsed = parseOwnerFile(text, mtimeMs);
        expect(['record', 'torn', 'foreign']).toContain(parsed.kind);
        if (parsed.kind !== 'record') return;
        const { problem, identity, pid } = parsed.record;
        // Every accepted record names a process.
        if (problem === null && parsed.record.version !== 2) expect(pid ?? identity?.pid).toBeGreaterThan(0);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('what a caller hands over', () => {
  test('a record that was read here is taken as it is', () => {
    const record = parsedRecord(textOf(ownContent()), MTIME);
    expect(recordFromCaller(record)).toBe(record);
  });

  test.each([
    ['of this package', textOf(ownContent())],
    ['of an older program', '{"pid":7,"createdAtMs":1777458804809}'],
    ['of an older program with start ticks', '{"pid":7,"starttime":5000}'],
  ])('the copy of a record %s is as good for the judge', (_name, text) => {
    const record = parsedRecord(text, MTIME);
    const copy = recordFromCaller(JSON.parse(JSON.stringify(record)));
    const { recordedAt: ofRecord, ...rest } = record;
    expect(copy).toMatchObject(rest);
    if (record.identity === null) expect(copy.recordedAt).toEqual(ofRecord);
  });

  test('a row with an identity among other columns is judged by that identity', () => {
    const { identity } = newRecord();
    const row = { pid: 7, host: 'gateway', startedAt: 5, createdAt: 'x', platform: 'web', identity };
    expect(recordFromCaller(row)).toMatchObject({
      pid: 7,
      identity,
      nonce: null,
      filesystem: null,
      problem: null,
    });
    expect(recordFromCaller({ identity })).toMatchObject({ pid: 7, identity, problem: null });
    const text = formatIdentity(identity);
    expect(recordFromCaller({ ...row, identity: text })).toEqual(recordFromCaller(row));
  });

  test.each([
    ['the pid of another process', { pid: 8 }, 'pid differs from the pid in the identity'],
    ['a broken identity', { identity: { version: 1, platform: 'linux', pid: -7 } }, /^identity: pid/],
    ['the text of something else', { identity: '{}' }, 'identity: version is not a positive integer'],
    ['text that is no JSON', { identity: '' }, 'identity: not JSON'],
    ['a list of identities', { identity: [] }, 'identity: not an object'],
  ])('a row with %s is malformed', (_, wrong, problem) => {
    const row = { pid: 7, identity: newRecord().identity, ...wrong };
    const found = recordFromCaller(row).problem;
    if (typeof problem === 'string') expect(found).toBe(problem);
    else expect(found).toMatch(problem);
  });

  test('a row whose identity is undefined is malformed, because that is a slip and no NULL', () => {
    expect(recordFromCaller({ pid: 7, identity: undefined })).toEqual({
      ...nothing,
      problem: 'identity is undefined',
    });
  });

  test('a row without an identity is that of an older program, whose time may be a Date', () => {
    const createdAt = new Date(ISO_MS);
    expect(recordFromCaller({ pid: 7, identity: null, createdAt })).toMatchObject({
      pid: 7,
      identity: null,
      ...atRecordTime(ISO_MS),
    });
  });

  test('the copy of a malformed record stays malformed', () => {
    const record = parsedRecord(JSON.stringify({ ...ownContent(), nonce: 'x' }), MTIME);
    expect(recordFromCaller({ ...record }).problem).toBe('nonce is not 32 hexadecimal digits');
  });

  test.each([
    ['ms', { ms: '1' }],
    ['resolutionMs', { resolutionMs: -1 }],
    ['resolutionMs', { resolutionMs: Number.NaN }],
  ])('a copied time with a wrong %s is none', (_name, wrong) => {
    const recordedAt = { ms: 1, resolutionMs: 1, source: 'record', ...wrong };
    expect(recordFromCaller({ pid: 7, identity: null, version: null, recordedAt }).recordedAt).toBeNull();
  });

  test('the parsed content of an owner.json', () => {
    expect(recordFromCaller(ownContent())).toMatchObject({ pid: 7, problem: null });
    expect(recordFromCaller({ pid: 7, createdAtMs: ISO_MS })).toMatchObject({
      pid: 7,
      ...atRecordTime(ISO_MS),
    });
  });

  test('a bare identity', () => {
    const { identity } = ownContent();
    expect(recordFromCaller(identity)).toEqual({ ...nothing, version: 1, pid: 7, identity });
  });

  test('an identity with a broken field is malformed, never judged by its bare pid', () => {
    const record = recordFromCaller({ ...ownContent().identity, startTicks: 5000 });
    expect(record).toEqual({ ...nothing, problem: 'startTicks of the wrong type or out of range' });
  });

  test.each([undefined, null, 7, 'x', true, 7n, Symbol('x'), [], {}, new Date(0), new Map()])(
    '%s is malformed',
    (value) => {
      expect(recordFromCaller(value)).toMatchObject({ pid: null, identity: null });
      expect(recordFromCaller(value).problem).not.toBeNull();
    },
  );

  test('a pid that JSON cannot show is malformed', () => {
    const circular: Record<string, unknown> = {};
    circular.pid = circular;
    expect(recordFromCaller({ pid: 7n }).problem).toBe('pid 7 is not a process number');
    expect(recordFromCaller({ pid: Symbol('x') }).problem).toBe('pid Symbol(x) is not a process number');
    expect(recordFromCaller(circular).problem).toBe('pid {...} is not a process number');
  });
});
