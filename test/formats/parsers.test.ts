import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseChromiumSingleton } from '../../src/formats/chromium-singleton.js';
import { parseEmacs } from '../../src/formats/emacs.js';
import type { ForeignRecord } from '../../src/formats/format.js';
import { isDeletableAs, isLockName } from '../../src/formats/names.js';
import { parsePostmaster } from '../../src/formats/postmaster.js';
import { recogniseFile, recogniseLink } from '../../src/formats/recognise.js';
import { attachedIn } from '../../src/formats/shared-memory.js';
import { machineRecord } from '../../src/record/legacy-fields.js';
import { fixtureText } from './wild.js';

const MTIME = 1_700_000_000_000;
const BOOT = '11111111-1111-4111-8111-111111111111';
const AT_MTIME = { ms: MTIME, resolutionMs: 10, source: 'file mtime' };

function found(name: string, text: string): ForeignRecord {
  const record = recogniseFile(name, text, MTIME);
  if (typeof record === 'string') expect.fail(`${record}: ${text.slice(0, 80)}`);
  return record;
}

describe('a file', () => {
  test.each([
    ['7\n', 7],
    ['7', 7],
    ['7\r\n', 7],
    ['         7\n', 7],
    ['4194304\n', 4_194_304],
  ])('of a number alone, %j, is a bare pid of the mtime', (text, pid) => {
    expect(found('x.pid', text)).toMatchObject({
      format: 'bare-pid',
      record: { pid, starttime: null, recordedAt: AT_MTIME, machine: null, problem: null },
    });
  });

  test.each(['0\n', '4194305\n', '1777458804\n', '99999999999999999999\n'])(
    'of %j names no process',
    (text) => {
      expect(found('x.pid', text).record).toMatchObject({
        pid: null,
        problem: expect.stringMatching(/^pid \d+ (is not|names nobody)/),
      });
    },
  );

  test.each([
    ['-1\n', 'no known format'],
    ['7.5\n', 'no known format'],
    ['0x7\n', 'no known format'],
    ['7 8\n', 'no known format'],
    ['7\n8\n', 'no known format'],
    ['7\n\n\n', 'no known format'],
    ['7\0\0\0', 'no known format'],
    ['seven\n', 'no known format'],
    ['١٢\n', 'no known format'],
    ['{"pid":7', 'broken JSON'],
    ['{}', 'without a pid'],
    ['{"name":"x"}', 'without a pid'],
    ['{"__proto__":{"pid":7}}', 'without a pid'],
    ['{"pid":7,"PID":8}', 'several pids'],
    ['{"pid":7,"version":1,"identity":{}}', 'record of a lock directory'],
    ['', 'empty'],
    ['\0\0\0\0', 'zeroes'],
    [' \n', 'blanks'],
    ['[{"pid":7}]', 'no known format'],
  ])('of %j is none: %s', (text, why) => {
    expect(recogniseFile('x.lock', text, MTIME)).toEqual(expect.stringContaining(why));
  });

  test('called owner.json belongs to its directory', () => {
    expect(recogniseFile('owner.json', '{"pid":7}', MTIME)).toContain('its directory is the lock');
  });

  test('of any content is read without an exception', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.string({ unit: fc.constantFrom(...'0123456789 \n-@.:{}"pid') }),
    );
    fc.assert(
      fc.property(texts, fc.constantFrom('a', '.#a', 'SingletonLock'), (text, name) => {
        for (const recognise of [recogniseFile, recogniseLink]) {
          const record = recognise(name, text, MTIME);
          if (typeof record !== 'string') expect(record.record.identity).toBeNull();
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('JSON', () => {
  test.each([
    ['kubo-repo.lock', { pid: 1, recordedAt: AT_MTIME }],
    ['paseo.pid', { pid: 14, machine: machineRecord({ hostname: 'pod-abc' }) }],
    ['meridian.lock', { pid: 1, starttime: 123456, machine: machineRecord({ bootId: BOOT }) }],
    ['openclaw-gateway.lock', { pid: 203424, starttime: 123456 }],
  ])('%s is read as its writer meant it', (name, record) => {
    expect(found(name, fixtureText(name))).toMatchObject({ format: 'json-pid-file', record });
  });

  test.each<[string, unknown, number]>([
    ['seconds since the epoch', 1_777_458_804, 1000],
    ['seconds with a fraction', 1_777_458_804.25, 1],
    ['ms since the epoch', 1_777_458_804_001, 1],
    ['an ISO time', '2026-04-29T10:33:24.001Z', 1],
    ['an ISO time that was cut to the second', '2026-04-29T10:33:24.000Z', 1000],
  ])('recognises a time in %s by its size', (_name, startedAt, resolutionMs) => {
    const { recordedAt } = found('x.lock', JSON.stringify({ pid: 7, startedAt })).record;
    expect(recordedAt).toMatchObject({ resolutionMs, source: 'record' });
    expect(Math.floor((recordedAt?.ms ?? 0) / 1000)).toBe(1_777_458_804);
  });

  test.each([
    ['ticks', { startTime: 4_632_230_778 }, 4_632_230_778],
    ['ms since the epoch, as on Windows', { startTime: 1_777_458_804_000 }, null],
    ['seconds since the epoch, as on macOS', { startTime: 1_777_458_000 }, null],
    ['start ids of another kind', { startId: '123', startIdKind: 'darwin-start' }, null],
    ['start ids without a kind', { startId: '123' }, null],
  ])('takes for start ticks: %s', (_name, fields, starttime) => {
    const text = JSON.stringify({ pid: 7, createdAtMs: 1_777_458_804_000, ...fields });
    expect(found('x.lock', text).record.starttime).toBe(starttime);
  });

  test('of a host name that is none, or too long, keeps nothing', () => {
    for (const hostname of ['', 7, null, 'x'.repeat(257)]) {
      expect(found('x.lock', JSON.stringify({ pid: 7, hostname })).record.machine).toBeNull();
    }
  });
});

describe('postmaster.pid', () => {
  const text = fixtureText('postmaster.pid');

  test('has the start of the server to the second, and its shared memory', () => {
    const record = parsePostmaster(text, MTIME);
    expect(record).toMatchObject({
      format: 'postmaster',
      record: {
        pid: 7,
        recordedAt: { ms: 1_777_458_804_000, resolutionMs: 1000, source: 'record' },
      },
      sharedMemory: { key: 5_432_001, id: 7 },
    });
  });

  test('of a standalone server has a negative pid, and no memory yet', () => {
    const standalone = `-${text.split('\n').slice(0, 5).join('\n')}\n`;
    expect(parsePostmaster(standalone, MTIME)).toMatchObject({ record: { pid: 7 }, sharedMemory: null });
  });

  test('needs its three first lines', () => {
    expect(parsePostmaster('7\n/data\n', MTIME)).toBeNull();
    expect(parsePostmaster('7\ndata\n1777458804\n', MTIME)).toBeNull();
    expect(parsePostmaster('x\n/data\n1777458804\n', MTIME)).toBeNull();
  });

  test('memory with a key that the kernel shows as negative is found', () => {
    const shm = `key      shmid perms  size  cpid  lpid nattch
-1518338047          7   600    56    10    10      3   999`;
    expect(attachedIn(shm, { key: 2_776_629_249, id: 7 })).toBe(3);
    expect(attachedIn(shm, { key: 2_776_629_249, id: 8 })).toBeNull();
    expect(attachedIn(shm, { key: 1, id: 7 })).toBeNull();
    const unsigned = text.replace('  5432001 ', '18446744072191213569 ');
    expect(parsePostmaster(unsigned, MTIME)?.sharedMemory).toEqual({ key: 2_776_629_249, id: 7 });
  });
});

describe('a symbolic link', () => {
  test('of Chromium binds its pid to a host, whose name may hold dashes', () => {
    expect(parseChromiumSingleton('my-host-2-4711', MTIME)?.record).toMatchObject({
      pid: 4711,
      recordedAt: AT_MTIME,
      machine: machineRecord({ hostname: 'my-host-2', pidIsOfHost: true }),
    });
  });

  test('of Emacs does so too, and says when the machine was booted', () => {
    expect(parseEmacs('me@sub.example.org.4711:1700000000', MTIME)?.record).toMatchObject({
      pid: 4711,
      recordedAt: AT_MTIME,
      machine: machineRecord({
        hostname: 'sub.example.org',
        pidIsOfHost: true,
        bootTimeMs: 1_700_000_000_000,
      }),
    });
    expect(parseEmacs('a@b@host.7', MTIME)?.record.machine).toMatchObject({
      hostname: 'host',
      bootTimeMs: null,
    });
    expect(parseEmacs('me@host.7\uf0221700000000', MTIME)?.record.machine?.bootTimeMs).toBe(
      1_700_000_000_000,
    );
  });

  test.each([
    ['SingletonLock', 'host'],
    ['SingletonLock', '-7'],
    ['SingletonLock', '../host-7'],
    ['current', 'release-7'],
    ['.#', 'me@host.7'],
    ['.#a', 'me@host'],
    ['.#a', 'host.7'],
    ['.#a', '/me@host.7'],
    ['a', 'me@host.7'],
  ])('called %s that leads to %s is just a link', (name, target) => {
    expect(recogniseLink(name, target, MTIME)).toContain('not followed');
  });

  test('of Emacs may be a file where links cannot be made', () => {
    expect(found('.#a', 'me@host.7:1700000000').format).toBe('emacs');
    expect(recogniseFile('a', 'me@host.7:1700000000', MTIME)).toContain('no known format');
  });
});

describe('names', () => {
  test.each([
    'a.lock',
    'server.pid',
    '.X0-lock',
    '.X99-lock',
    'SingletonLock',
    '.#a',
    'postmaster.pid',
    'pid',
  ])('%s may be a lock', (name) => expect(isLockName(name)).toBe(true));

  test.each(['a.txt', 'lock.json', '.#', 'rapid', 'X99-lock', 'block'])('%s is none', (name) => {
    expect(isLockName(name)).toBe(false);
  });

  test.each([
    ['VERSION', '3\n', false],
    ['patients.json', '{"pid":4711,"name":"Bob"}', false],
    ['state.json', '{"pid":4711,"starttime":123}', true],
    ['server.pid', '3\n', true],
    ['PIDFILE', '3\n', true],
    ['state', `7 123456 ${BOOT}\n`, true],
    ['repo.lock', '{"OwnerPID":1}', true],
  ])('%s with %j may be deleted as a lock: %s', (name, text, deletable) => {
    expect(isDeletableAs(name, found(name, text))).toBe(deletable);
  });
});
