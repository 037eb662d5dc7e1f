import { describe, expect, test } from 'vitest';
import { formatIdentity } from '../../src/identity/format.js';
import { machineRecord } from '../../src/record/machine-record.js';
import type { OwnerRecord } from '../../src/record/owner-record.js';
import { recordedOwner } from '../../src/record/recorded-owner.js';
import type { RowKeys } from '../../src/record/row-columns.js';
import { claimsOf } from '../../src/record/stranger-claims.js';
import { identity } from '../identity/identities.js';
import { ISO_MS, nothing } from './records.js';

const KEYS: RowKeys = {
  identity: 'owner',
  pid: 'owner_pid',
  createdAt: 'locked_at',
  starttime: 'owner_start',
  hostname: 'host',
  bootId: 'boot',
  pidNamespace: 'pidns',
};
const owner = identity();

function recordOf(row: object, keys: unknown = KEYS): OwnerRecord {
  return recordedOwner(row, keys as RowKeys);
}

/** A row with all columns of KEYS, as an older program leaves it. */
function oldRow(changes: object = {}): object {
  const unknown = { owner: null, owner_start: null, host: null, boot: null, pidns: null };
  return { ...unknown, owner_pid: 7, locked_at: ISO_MS, ...changes };
}

/** The row of a program that writes its identity. */
function newRow(changes: object = {}): object {
  return { ...oldRow({ owner: formatIdentity(owner), host: 'gateway', owner_start: 1 }), ...changes };
}

describe('a row with an identity', () => {
  test('is judged by it, whether it is an object or JSON text, and by nothing else', () => {
    const expected = { ...nothing, version: 1, pid: 7, identity: owner };
    expect(recordOf(newRow())).toEqual(expected);
    expect(recordOf(newRow({ owner }))).toEqual(expected);
    expect(recordOf(newRow({ owner: JSON.parse(formatIdentity(owner)) }))).toEqual(expected);
    expect(recordOf(newRow({ owner_pid: null }))).toEqual(expected);
    expect(recordOf({ owner }, { identity: 'owner' })).toEqual(expected);
  });

  test('does not count what stands under the usual names', () => {
    expect(recordOf({ owner, pid: 8, identity: 'x' }, { identity: 'owner' })).toMatchObject({
      problem: null,
    });
    expect(recordOf({ owner_pid: 9, identity: owner, pid: 7 }, { pid: 'owner_pid' })).toMatchObject({
      pid: 9,
      identity: null,
    });
  });

  test.each([
    ['not JSON', { owner: 'x' }, "identity, in column 'owner': not JSON"],
    ['empty', { owner: '' }, "identity, in column 'owner': not JSON"],
    ['something else', { owner: [] }, "identity, in column 'owner': not an object"],
    [
      'broken',
      { owner: { ...owner, startTicks: 5000 } },
      /^identity, in column 'owner': startTicks of the wrong/,
    ],
    ['of another pid', { owner_pid: 8 }, "pid, in column 'owner_pid': differs from the pid in the identity"],
    ['of no pid', { owner_pid: 'x' }, "pid, in column 'owner_pid': differs from the pid in the identity"],
  ])('that is %s is malformed, and never judged by its bare pid', (_, wrong, problem) => {
    const record = recordOf(newRow(wrong));
    expect(record).toEqual({ ...nothing, problem: expect.stringMatching(problem) });
  });
});

describe('a row without an identity', () => {
  const machine = machineRecord({ hostname: 'gateway', pidIsOfHost: true });
  const old = { ...nothing, pid: 7, claims: claimsOf(nothing) };

  test('is that of an older program', () => {
    const row = oldRow({ owner_start: 5000, host: 'gateway' });
    const recordedAt = { ms: ISO_MS, resolutionMs: 1, source: 'record' } as const;
    expect(recordOf(row)).toEqual({
      ...old,
      starttime: 5000,
      recordedAt,
      machine,
      claims: claimsOf({ pid: 7, starttime: 5000, recordedAt }),
    });
    expect(recordOf(oldRow({ locked_at: null }))).toEqual(old);
    expect(recordOf({ p: 7 }, { pid: 'p' })).toEqual(old);
  });

  test.each([
    ['a number', ISO_MS, 1],
    ['a BigInt', BigInt(ISO_MS), 1],
    ['its decimal text', String(ISO_MS), 1],
    ['ISO text', '2026-05-26T07:22:46.211Z', 1],
    ['ISO text with an offset', '2026-05-26T09:22:46.211+02:00', 1],
    ['a Date', new Date(ISO_MS), 1],
    // They may have been cut to the second.
    ['a number of whole seconds', ISO_MS - 211, 1000],
    ['ISO text of a whole second', '2026-05-26T07:22:46.000Z', 1000],
    ['ISO text without a fraction', '2026-05-26T07:22:46Z', 1000],
    ['a Date of a whole second', new Date(ISO_MS - 211), 1000],
  ])('may bear its time as %s', (_, time, resolutionMs) => {
    const ms = ISO_MS - (resolutionMs === 1 ? 0 : 211);
    expect(recordOf(oldRow({ locked_at: time })).recordedAt).toEqual({ ms, resolutionMs, source: 'record' });
  });

  test.each([
    ['seconds', 1_779_780_166],
    ['ticks', 3_035_332],
    ['a text of ticks', '3035332'],
    ['zero', 0],
    ['a negative number', -ISO_MS],
    ['no number', Number.NaN],
    ['no finite number', Number.POSITIVE_INFINITY],
    ['an invalid Date', new Date(Number.NaN)],
    ['a text without a zone', '2026-05-26 07:22:46'],
    ['a date', '2026-05-26'],
    ['an empty text', ''],
  ])('is malformed where its time is %s, because it would make every process younger', (_, time) => {
    expect(recordOf(oldRow({ locked_at: time })).problem).toMatch(
      /^createdAt, in column 'locked_at': no time in ms/,
    );
  });

  test.each<[unknown, number | null]>([
    [5000, 5000],
    ['5000', 5000],
    [5000n, 5000],
    [1_777_458_804.25, null],
    [ISO_MS, null],
    ['Sat Nov 28 14:25:11 2026', null],
  ])('may bear the start of its owner in any unit: %o', (owner_start, starttime) => {
    const { claims, ...record } = recordOf(oldRow({ owner_start }));
    expect(record.starttime).toBe(starttime);
    expect(claims?.starts).toEqual([
      { key: 'starttime', value: typeof owner_start === 'bigint' ? 5000 : owner_start },
    ]);
  });

  test.each([4_026_532_001, 4_026_532_001n, '4026532001', 'pid:[4026532001]'])(
    'may bear boot and PID namespace, %o',
    (pidns) => {
      const bootId = '11111111-1111-4111-8111-111111111111';
      expect(recordOf(oldRow({ boot: bootId, pidns })).machine).toEqual(
        machineRecord({ bootId, pidNamespace: '4026532001' }),
      );
    },
  );

  test.each([7, 7n, '7'])('may bear its pid as %o, and its ticks as well', (pid) => {
    expect(recordOf(oldRow({ owner_pid: pid, owner_start: pid }))).toMatchObject({ pid: 7, starttime: 7 });
  });

  test.each([
    ['pid', { owner_pid: 0 }, "pid, in column 'owner_pid': no process number"],
    ['pid', { owner_pid: -7 }, "pid, in column 'owner_pid': no process number"],
    ['pid', { owner_pid: 4_194_305 }, "pid, in column 'owner_pid': no process number"],
    ['pid', { owner_pid: 2n ** 64n + 7n }, "pid, in column 'owner_pid': no process number"],
    ['pid', { owner_pid: '' }, "pid, in column 'owner_pid': no process number"],
    ['pid', { owner_pid: '0x7' }, "pid, in column 'owner_pid': no process number"],
    // Octal, or a text that was padded.
    ['pid', { owner_pid: '0017' }, "pid, in column 'owner_pid': no process number"],
    ['pid', { owner_pid: ' 7' }, "pid, in column 'owner_pid': no process number"],
    ['pid', { owner_pid: null }, 'the row names neither an identity nor a pid'],
    ['starttime', { owner_start: 0 }, "starttime, in column 'owner_start': no start of a process"],
    ['starttime', { owner_start: -1 }, "starttime, in column 'owner_start': no start of a process"],
    ['starttime', { owner_start: '' }, "starttime, in column 'owner_start': no start of a process"],
    ['bootId', { boot: 'first' }, "bootId, in column 'boot': no boot id"],
    ['pidNamespace', { pidns: 0 }, "pidNamespace, in column 'pidns': no PID namespace"],
    ['pidNamespace', { pidns: 'net:[7]' }, "pidNamespace, in column 'pidns': no PID namespace"],
    ['hostname', { host: '' }, "hostname, in column 'host': no host name"],
    ['hostname', { host: 'x'.repeat(257) }, "hostname, in column 'host': no host name"],
  ])('is malformed with a wrong %s: %o', (_, wrong, problem) => {
    expect(recordOf(oldRow(wrong))).toEqual({ ...nothing, problem });
  });
});

describe('what is no row', () => {
  test.each([undefined, null, 7, 'x', true])('such as %s is malformed', (value) => {
    expect(recordOf(value as never)).toEqual({ ...nothing, problem: 'not an object' });
  });
});

describe('keys that do not fit', () => {
  function refusal(row: object, keys: unknown): unknown {
    try {
      return recordOf(row, keys);
    } catch (error) {
      const { name, code, message } = error as TypeError & { code: string };
      return `${name} ${code}: ${message}`;
    }
  }

  const REFUSED = 'TypeError ERR_INVALID_ARG_TYPE: option';

  test.each([
    [null, "'keys' must be an object with the names of columns"],
    ['owner', "'keys' must be an object with the names of columns"],
    [['owner'], "'keys' must be an object with the names of columns"],
    [{}, "'keys' must name the column of the identity, or that of the pid"],
    [{ createdAt: 'locked_at' }, "'keys' must name the column of the identity, or that of the pid"],
    [{ pid: undefined }, "'keys' must name the column of the identity, or that of the pid"],
    [
      { pid: 'owner_pid', idenity: 'owner' },
      "'keys' has no key 'idenity'; its keys are identity, pid, createdAt, starttime, hostname, bootId, pidNamespace",
    ],
    [{ pid: 'owner_pid', toString: 'owner' }, "'keys' has no key 'toString'; its keys are"],
    [{ pid: 7 }, "'keys.pid' must be the name of a column, not number"],
    [{ pid: '' }, "'keys.pid' must be the name of a column, not an empty text"],
    [{ pid: 'owner_pid', identity: null }, "'keys.identity' must be the name of a column, not null"],
    [{ pid: 'ownerPid' }, "'keys.pid' names a column that the row does not have: 'ownerPid'"],
    // A row with an identity would otherwise be judged by its pid.
    [
      { pid: 'owner_pid', identity: 'ownr' },
      "'keys.identity' names a column that the row does not have: 'ownr'",
    ],
    [{ pid: 'toString' }, "'keys.pid' names a column that the row does not have: 'toString'"],
  ])('%j are a TypeError that names the key', (keys, message) => {
    expect(refusal(newRow(), keys)).toContain(`${REFUSED} ${message}`);
  });

  test.each([
    ['identity', { owner: 7 }, 'an object or its JSON text, not number'],
    ['identity', { owner: true }, 'an object or its JSON text, not boolean'],
    ['identity', { owner: Buffer.from('{}') }, 'an object or its JSON text, not bytes'],
    ['pid', { owner_pid: true }, 'a number or its decimal text, not boolean'],
    ['pid', { owner_pid: {} }, 'a number or its decimal text, not object'],
    ['pid', { owner_pid: [7] }, 'a number or its decimal text, not an array'],
    ['createdAt', { locked_at: {} }, 'a number of ms, ISO 8601 text or a Date, not object'],
    ['createdAt', { locked_at: true }, 'a number of ms, ISO 8601 text or a Date, not boolean'],
    ['starttime', { owner_start: new Date(0) }, 'a number or text, not object'],
    ['bootId', { boot: 7 }, 'text, not number'],
    ['pidNamespace', { pidns: {} }, 'a number or text, not object'],
    ['hostname', { host: 7 }, 'text, not number'],
    // The slip of `{ owner: row.ownr }` must not leave a row with an identity to its bare pid.
    ['identity', { owner: undefined }, 'an object or its JSON text, not undefined'],
    ['pid', { owner_pid: undefined }, 'a number or its decimal text, not undefined'],
    ['createdAt', { locked_at: undefined }, 'a number of ms, ISO 8601 text or a Date, not undefined'],
    ['starttime', { owner_start: undefined }, 'a number or text, not undefined'],
    ['hostname', { host: undefined }, 'text, not undefined'],
  ] as const)('and so is a %s of the wrong type: %o', (key, wrong, message) => {
    const expected = `${REFUSED} 'keys.${key}': column '${KEYS[key]}' must hold ${message}`;
    expect(refusal(oldRow(wrong), KEYS)).toBe(expected);
  });
});
