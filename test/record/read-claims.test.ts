import { describe, expect, test } from 'vitest';
import { recordFromCaller } from '../../src/record/parse.js';
import type { StrangerClaims } from '../../src/record/stranger-claims.js';
import { ISO_MS, MTIME, parsedRecord } from './records.js';

const ISO = new Date(ISO_MS).toISOString();

function claimsIn(fields: object): StrangerClaims {
  const { claims } = parsedRecord(JSON.stringify({ pid: 7, ...fields }), MTIME);
  if (claims === null) expect.fail('no claims');
  return claims;
}

describe('the start of the owner', () => {
  test.each<[string, unknown]>([
    ['starttime', 5000],
    ['startTime', 1_777_458_804],
    ['start_time', ISO],
    ['startTicks', '335032'],
    ['procStart', '335032'],
    ['processStartTime', 'Sat Nov 28 14:25:11 2026'],
    ['pid_start_time', 5000],
    ['create_time', 1_777_458_804.25],
    ['startIdentity', 'linux:335032'],
    // They say when the record was written, unless they count something else.
    ['startedAt', 5000],
    ['startedAt', 1_777_458_804],
    ['createdAt', 1_777_458_804.25],
    ['started', '36000'],
  ])('may stand under %s: %j', (key, value) => {
    expect(claimsIn({ [key]: value }).starts).toContainEqual({ key, value });
  });

  test('may stand in another field', () => {
    expect(claimsIn({ owner: { startTime: 5000 } }).starts).toEqual([
      { key: 'owner.startTime', value: 5000 },
    ]);
  });

  test.each<[string, unknown]>([
    ['startedAt', ISO],
    ['startedAt', ISO_MS],
    ['createdAtMs', ISO_MS],
    ['started', true],
    ['restartCount', 3],
    ['startPort', 3000],
  ])('does not stand under %s: %j', (key, value) => {
    expect(claimsIn({ [key]: value }).starts).toEqual([]);
  });
});

describe('other processes', () => {
  test.each<[string, object, [string, number][]]>([
    ['a child', { childPid: 8 }, [['childPid', 8]]],
    [
      'a list',
      { pids: [8, 9] },
      [
        ['pids', 8],
        ['pids', 9],
      ],
    ],
    [
      'a list of texts',
      { worker_pids: ['8', 9] },
      [
        ['worker_pids', 8],
        ['worker_pids', 9],
      ],
    ],
    [
      'a text of several',
      { pids: '8, 9' },
      [
        ['pids', 8],
        ['pids', 9],
      ],
    ],
    ['a text', { serverPid: '8' }, [['serverPid', 8]]],
    [
      'names with numbers',
      { pids: { web: 8, db: 9 } },
      [
        ['pids.web', 8],
        ['pids.db', 9],
      ],
    ],
    ['an object within', { owner: { pid: 8 } }, [['owner.pid', 8]]],
    ['a process id', { processId: 8 }, [['processId', 8]]],
    ['a process group', { pgid: 8 }, [['pgid', 8]]],
    ['an owner', { lockedBy: 8 }, [['lockedBy', 8]]],
    ['a parent', { ppid: 8 }, [['ppid', 8]]],
    ['a text about one', { note: 'held by pid=8 since noon' }, [['note', 8]]],
    ['the pid itself', { PID: 7, owner: { pid: 7 } }, []],
    ['the parent of all orphans', { ppid: 1, parentPid: 1 }, []],
    ['numbers that are none', { childPid: 0, pids: [-8, 1.5, 4_194_305, null, true] }, []],
    ['other numbers', { port: 8, count: 9, version: 1, pidFile: '/run/8.pid' }, []],
  ])('%s', (_name, fields, expected) => {
    expect(claimsIn(fields).otherPids).toEqual(expected.map(([key, pid]) => ({ key, pid })));
  });
});

describe('signs of life', () => {
  test.each<[string, unknown, number]>([
    ['heartbeat', ISO_MS, ISO_MS],
    ['heartbeatAt', ISO, ISO_MS],
    ['last_heartbeat', ISO_MS / 1000, ISO_MS],
    ['lastSeen', ISO, ISO_MS],
    ['updated_at', '2026-05-26 07:22:46.211Z', ISO_MS],
    ['refreshedAt', String(ISO_MS), ISO_MS],
    ['expiresAt', ISO_MS * 1000, ISO_MS],
    ['leaseUntil', ISO_MS * 1e6, ISO_MS],
    ['last-activity', '2026-05-26T09:22:46.211+0200', ISO_MS],
  ])('%s: %j', (key, value, ms) => {
    expect(claimsIn({ [key]: value }).signs).toEqual([{ key, ms }]);
  });

  test('a time without a zone is read in that of this process and in UTC', () => {
    const signs = claimsIn({ updatedAt: '2026-05-26T07:22:46.211' }).signs.map(({ ms }) => ms);
    expect(signs).toContain(ISO_MS);
    expect(signs).toContain(Date.parse('2026-05-26T07:22:46.211'));
  });

  test.each<[string, unknown]>([
    ['heartbeatIntervalMs', 15_000],
    ['active', true],
    ['expiresIn', 300],
    ['lastError', 'timeout'],
    ['createdAt', ISO],
  ])('%s: %j is none', (key, value) => {
    expect(claimsIn({ [key]: value }).signs).toEqual([]);
  });
});

describe('the machine', () => {
  test.each<[string, unknown, string, unknown]>([
    ['hostname', 'web-1', 'hostname', 'web-1'],
    ['host', 'web-1', 'hostname', 'web-1'],
    ['host', { name: 'web-1', port: 80 }, 'hostname', 'web-1'],
    ['computerName', 'WEB-1', 'hostname', 'WEB-1'],
    ['node', 'web-1', 'hostname', 'web-1'],
    ['machine', { name: 'web-1' }, 'hostname', 'web-1'],
    ['pod', 'web-1', 'hostname', 'web-1'],
    ['owner', 'bob@web-1', 'hostname', 'web-1'],
    ['lockedBy', 'bob@web-1.example', 'hostname', 'web-1.example'],
    ['system', 'Windows_NT', 'platform', 'win32'],
    ['os', { name: 'Darwin', version: '24' }, 'platform', 'darwin'],
    ['machineId', '0123456789abcdef0123456789abcdef', 'hostId', '0123456789abcdef0123456789abcdef'],
    ['host_id', '01234567-89ab-cdef-0123-456789ABCDEF', 'hostId', '0123456789abcdef0123456789abcdef'],
    ['platform', 'win32', 'platform', 'win32'],
    ['os', 'Windows_NT', 'platform', 'win32'],
    ['platform', 'linux/amd64', 'platform', 'linux'],
    ['containerId', 'c0ffee0000a1', 'containerId', 'c0ffee0000a1'],
    ['pidns', 'pid:[4026532999]', 'pidNamespace', '4026532999'],
    ['pid_ns', 4_026_532_999, 'pidNamespace', '4026532999'],
    ['processNamespace', { host: 'a', pidNsInode: '4026532999' }, 'pidNamespace', '4026532999'],
    ['bootId', '8E48758F-efa9-4dce-b218-680f36d782e3', 'bootId', '8e48758f-efa9-4dce-b218-680f36d782e3'],
    ['runningInWindows', true, 'runningInWindows', true],
  ])('%s: %j', (key, value, field, expected) => {
    const { machine } = parsedRecord(JSON.stringify({ pid: 7, [key]: value }), MTIME);
    expect(machine).toMatchObject({ [field]: expected });
  });

  test.each<[string, unknown]>([
    ['hostname', 'localhost'],
    ['host', '0.0.0.0'],
    ['host', '::1'],
    ['node', 'v22.12.0'],
    ['node', '/usr/bin/node'],
    ['machine', 'x86_64'],
    ['owner', 'bob'],
    ['owner', 'bob@localhost'],
    ['system', 'planner'],
    ['host', 'http://web-1/'],
    ['platform', 'discord'],
    ['containerId', 'web'],
    ['bootId', 'first'],
    ['runningInWindows', false],
    ['pidNamespace', 0],
  ])('is not named by %s: %j', (key, value) => {
    expect(parsedRecord(JSON.stringify({ pid: 7, [key]: value }), MTIME).machine).toBeNull();
  });
});

describe('more than the record of a process holds', () => {
  test.each<[string, object]>([
    ['too many values', { pids: Array.from({ length: 300 }, (_, index) => index + 1) }],
    ['too deep', { a: { b: { c: { d: { e: { f: 8 } } } } } }],
  ])('is malformed, because something may go unseen: %s', (_name, fields) => {
    expect(parsedRecord(JSON.stringify({ pid: 7, ...fields }), MTIME).problem).toMatch(/holds more/);
  });
});

test('a copy of a record claims what the record does', () => {
  const fields = { pid: 7, startTime: 5000, childPid: 8, lastSeen: ISO, startedAt: ISO, host: 'web-1' };
  const record = parsedRecord(JSON.stringify(fields), ISO_MS + 1000);
  expect(recordFromCaller(JSON.parse(JSON.stringify(record)))).toEqual(record);
  expect(recordFromCaller({ ...record })).toEqual(record);
});
