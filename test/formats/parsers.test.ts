import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ForeignRecord, NotRecognised } from '../../src/formats/format.js';
import { isDeletableAs, isLockName } from '../../src/formats/names.js';
import { recognise } from '../../src/formats/recognise.js';
import { attachedIn } from '../../src/formats/shared-memory.js';
import { machineRecord } from '../../src/record/legacy-fields.js';
import { identity } from '../identity/identities.js';
import { fixtureText } from './wild.js';

const MTIME = 1_700_000_000_000;
const BOOT = '11111111-1111-4111-8111-111111111111';
/** A name for each format that has one of its own, and others. */
const EXAMPLES = [
  'a',
  'a.lock',
  'lock',
  'a.pid',
  'wlock',
  '.#a',
  'SingletonLock',
  'postmaster.pid',
  '.a.swp',
  'gc.pid',
  'a~pid.lock',
  'pidlock',
  'running.process',
  'inuse.7.lock',
  'lock.exclusive',
  'lock.roster',
  'server-process.json',
  '.ha_run.lock',
];
const AT_MTIME = { ms: MTIME, resolutionMs: 10, source: 'file mtime' };

function recogniseFile(name: string, text: string): ForeignRecord | NotRecognised {
  return recognise({ kind: 'file', name, text, bytes: Buffer.from(text), entries: [], mtimeMs: MTIME });
}

function recogniseLink(name: string, text: string): ForeignRecord | NotRecognised {
  return recognise({ kind: 'link', name, text, bytes: Buffer.from(text), entries: [], mtimeMs: MTIME });
}

function found(name: string, text: string): ForeignRecord {
  return recognised(recogniseFile(name, text), text);
}

function foundLink(name: string, target: string): ForeignRecord {
  return recognised(recogniseLink(name, target), target);
}

function recognised(record: ForeignRecord | NotRecognised, text: string): ForeignRecord {
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
    ['{"pid":7,"pid":8}', 'several values under one name'],
    ['{"pid":7,"version":1,"nonce":"a","identity":{}}', 'record of a lock directory'],
    ['{"pid":7,"identity":{}}', 'broken identity'],
    ['', 'empty'],
    ['\0\0\0\0', 'zeroes'],
    [' \n', 'blanks'],
    ['[{"pid":7}]', 'no known format'],
  ])('of %j is none: %s', (text, why) => {
    expect(recogniseFile('x.lock', text)).toEqual(expect.stringContaining(why));
  });

  test('called owner.json belongs to its directory', () => {
    expect(recogniseFile('owner.json', '{"pid":7}')).toContain('its directory is the lock');
  });

  test('of any content is read without an exception', () => {
    const alphabet = fc.constantFrom(...'0123456789 \n\t-@.:;/+{}[]",=pidhostX');
    const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.string({ unit: alphabet }));
    const kinds = fc.constantFrom('file', 'link', 'directory');
    fc.assert(
      fc.property(
        texts,
        kinds,
        fc.constantFrom(...EXAMPLES),
        fc.array(texts),
        (text, kind, name, entries) => {
          const source = { kind, name, text, bytes: Buffer.from(text), entries, mtimeMs: MTIME } as const;
          const record = recognise(source);
          if (typeof record !== 'string') expect(record.record.identity).toBeNull();
        },
      ),
      { numRuns: 5000 },
    );
  });

  test.each(['7', ' ', '\n', '7\n', 'a', '@', '-7', '7 ', 'a:', '{', '[', '{"a":', '=', '7\t', 'pid '])(
    'of 64 KiB of %j takes no time to refuse',
    (unit) => {
      const text = unit.repeat(65_536 / unit.length);
      const begun = performance.now();
      for (const name of EXAMPLES) {
        for (const kind of ['file', 'link', 'directory'] as const) {
          recognise({ kind, name, text, bytes: Buffer.from(text), entries: [text], mtimeMs: MTIME });
        }
      }
      expect(performance.now() - begun).toBeLessThan(2_000);
    },
  );
});

test.each([
  ['pubring.db.lock', '0000000490\nhost\n'],
  ['a.lock', '0490:host'],
  ['a.lock', '{"pid":"0490"}'],
  ['inuse.0490.lock', ''],
  ['deluged.pid', '0490;58846\n'],
])('%s with %j names nobody, because its number may be octal or hexadecimal', (name, text) => {
  expect(found(name, text).record).toMatchObject({ pid: null, problem: expect.stringContaining('490') });
});

describe('JSON', () => {
  test('with an identity of this package is judged by it, whatever it is called', () => {
    const owner = identity();
    for (const fields of [{ identity: owner }, { pid: owner.pid, version: 3, owner }, { lockedBy: owner }]) {
      expect(found('x.lock', JSON.stringify(fields))).toMatchObject({
        format: 'json-pid-file',
        record: { pid: owner.pid, identity: owner, problem: null },
      });
    }
    expect(found('x.lock', JSON.stringify({ pid: 8, owner })).record.problem).toMatch(/differs/);
  });

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
    const record = recogniseFile('postmaster.pid', text);
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
    expect(recogniseFile('postmaster.pid', standalone)).toMatchObject({
      record: { pid: 7 },
      sharedMemory: null,
    });
  });

  test.each(['7\n/data\n', '7\ndata\n1777458804\n', 'x\n/data\n1777458804\n', '7\n\n/data\n'])(
    'needs its three first lines, unlike %j',
    (broken) => expect(recogniseFile('postmaster.pid', broken)).not.toMatchObject({ format: 'postmaster' }),
  );

  test('is known by its name: a supervisor, a path and a port are none', () => {
    expect(recogniseFile('app.pid', text)).not.toMatchObject({ format: 'postmaster' });
    expect(recogniseFile('app.lock', '7\n/srv/app\n8080\n9\n')).toContain('no known format');
  });

  test('of a socket leads to the one in the data directory', () => {
    const socketLock = '7\n/data\n1777458804\n5432\n/run\n';
    expect(found('.s.PGSQL.5432.lock', socketLock)).toMatchObject({
      format: 'postmaster',
      sharedMemory: null,
      dataDirectory: '/data',
    });
    expect(found('postmaster.pid', text).dataDirectory).toBeNull();
  });

  test('memory with a key that the kernel shows as negative is found', () => {
    const shm = `key      shmid perms  size  cpid  lpid nattch
-1518338047          7   600    56    10    10      3   999`;
    expect(attachedIn(shm, { key: 2_776_629_249, id: 7 })).toBe(3);
    expect(attachedIn(shm, { key: 2_776_629_249, id: 8 })).toBeNull();
    expect(attachedIn(shm, { key: 1, id: 7 })).toBeNull();
    const unsigned = text.replace('  5432001 ', '18446744072191213569 ');
    expect(found('postmaster.pid', unsigned).sharedMemory).toEqual({ key: 2_776_629_249, id: 7 });
  });
});

describe('a symbolic link', () => {
  test('of Chromium binds its pid to a host, whose name may hold dashes', () => {
    expect(foundLink('SingletonLock', 'my-host-2-4711').record).toMatchObject({
      pid: 4711,
      recordedAt: AT_MTIME,
      machine: machineRecord({ hostname: 'my-host-2', pidIsOfHost: true }),
    });
  });

  test('of Emacs does so too, and says when the machine was booted', () => {
    expect(foundLink('.#a', 'me@sub.example.org.4711:1700000000').record).toMatchObject({
      pid: 4711,
      recordedAt: AT_MTIME,
      machine: machineRecord({
        hostname: 'sub.example.org',
        pidIsOfHost: true,
        bootTimeMs: 1_700_000_000_000,
      }),
    });
    expect(foundLink('.#a', 'a@b@host.7').record.machine).toMatchObject({
      hostname: 'host',
      bootTimeMs: null,
    });
    expect(foundLink('.#a', 'me@host.7\uf0221700000000').record.machine?.bootTimeMs).toBe(1_700_000_000_000);
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
    expect(recogniseLink(name, target)).toContain('not followed');
  });

  test('of Emacs may be a file where links cannot be made', () => {
    expect(found('.#a', 'me@host.7:1700000000').format).toBe('emacs');
    expect(recogniseFile('a', 'me@host.7:1700000000')).toContain('no known format');
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
    '.s.PGSQL.5432.lock',
    'pid',
    'X99-lock',
    'lockfile',
    'server.pid.txt',
    'LCK..ttyUSB0',
    'wlock',
    '.parentlock',
    'running.process',
    '.notes.txt.swp',
    'lock.roster',
    '#cvs.lock',
    'dev-lock.json',
    'log.lock.1',
    '.terraform.tfstate.lock.info',
    'server-process.json',
    'index~pid.lock',
    '.#lk0x000055b202aea410.host.20837',
  ])('%s may be a lock', (name) => expect(isLockName(name)).toBe(true));

  test.each(['a.txt', '.#', 'rapid', 'block', 'lock.js', 'pid.d.ts', 'clock', 'spider', 'swp'])(
    '%s is none',
    (name) => {
      expect(isLockName(name)).toBe(false);
    },
  );

  test.each([
    ['VERSION', '3\n', false],
    ['patients.json', '{"pid":4711,"name":"Bob"}', false],
    ['state.json', '{"pid":4711,"starttime":123}', false],
    ['results.json', `{"pid":4711,"bootId":"${BOOT}"}`, false],
    ['server.pid', '3\n', true],
    ['PIDFILE', '3\n', true],
    ['state.pid', `7 123456 ${BOOT}\n`, true],
    ['server-process.json', '{"processId":4711}', true],
    ['pidlock', 'PidLock {lockingPid = 7, lockingHost = "h"}', true],
    ['repo.lock', '{"OwnerPID":1}', true],
  ])('%s with %j may be deleted as a lock: %s', (name, text, deletable) => {
    expect(isDeletableAs(name, found(name, text))).toBe(deletable);
  });
});
