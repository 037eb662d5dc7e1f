import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Source } from '../../src/formats/format.js';
import { recognise, recogniseHead } from '../../src/formats/recognise.js';
import { inspectLockSync, reclaimLockSync } from '../../src/index.js';
import { machineRecord } from '../../src/record/legacy-fields.js';
import { pidOfDead } from '../helpers/processes.js';
import { tempDir } from '../helpers/temp-dir.js';

const REAL = fileURLToPath(new URL('../fixtures/locks/real/', import.meta.url));
const MTIME = 1_777_458_804_000;
const HOST = machineRecord({ hostname: 'host', pidIsOfHost: true });
const BOOT = '11111111-1111-4111-8111-111111111111';
/** What the script made, under the name that the program itself gives to it. */
const NAMES: Record<string, string> = {
  'ccache.target': 'stats.lock',
  'emacs.target': '.#notes.txt',
  'firefox.target': 'lock',
  'next-dev.lock': 'lock',
  'wlock.target': 'wlock',
  'notes.txt.swp': '.notes.txt.swp',
};

function sourceOf(file: string, name = NAMES[file] ?? file): Source {
  const path = join(REAL, file);
  if (file === 'lock.exclusive') {
    const bytes = Buffer.alloc(0);
    return { kind: 'directory', name, text: '', bytes, entries: readdirSync(path), mtimeMs: MTIME };
  }
  const bytes = readFileSync(path);
  const kind = file.endsWith('.target') ? 'link' : 'file';
  return { kind, name, text: bytes.toString('utf8'), bytes, entries: [], mtimeMs: MTIME };
}

describe('the lock that the program itself wrote', () => {
  test.each([
    ['ccache.target', 'ccache', { pid: 1012, machine: HOST }],
    ['deluged.pid', 'deluge', { pid: 372, machine: null }],
    ['emacs.target', 'emacs', { pid: 31301, machine: HOST }],
    ['firefox.target', 'firefox', { pid: 31593, machine: null }],
    ['gc.pid', 'git-gc', { pid: 30530, machine: HOST }],
    ['haproxy.pid', 'bare-pid', { pid: 1232, machine: null }],
    ['inbox.lock', 'dovecot', { pid: 1099, machine: HOST }],
    ['lease.lock', 'filelock-2', { pid: 1111, starttime: 2_480_916, machine: { ...HOST, bootId: BOOT } }],
    ['lock.exclusive', 'borg-lock', { pid: 30985, machine: HOST }],
    ['lock.roster', 'borg-roster', { pid: 30985, machine: HOST }],
    [
      'lockfile',
      'qlockfile',
      { pid: 1108, machine: { ...HOST, hostId: '0123456789abcdef0123456789abcdef', bootId: BOOT } },
    ],
    [
      'next-dev.lock',
      'dev-server',
      { pid: 32, machine: null, recordedAt: { ms: 1_795_919_925_637, source: 'record' } },
    ],
    ['notes.txt.swp', 'vim-swap', { pid: 31040, machine: HOST }],
    ['pidlock', 'git-annex', { pid: 30616, machine: HOST }],
    ['pubring.kbx.lock', 'gnupg', { pid: 29826, machine: HOST }],
    ['rtorrent.lock', 'rtorrent', { pid: 32347, machine: HOST }],
    [
      'scheduled_tasks.lock',
      'claude-code',
      { pid: 205, claims: { starts: [{ key: 'procStart', value: '3789119' }] } },
    ],
    ['server-process.json', 'nx', { pid: 66, machine: null }],
    ['soft.lock', 'filelock', { pid: 1111, starttime: 2_480_916, machine: { ...HOST, bootId: BOOT } }],
    ['wlock.target', 'mercurial', { pid: 30885, machine: { ...HOST, pidNamespace: '4026531836' } }],
  ])('%s has the format %s', (file, format, record) => {
    expect(recognise(sourceOf(file))).toMatchObject({ format, record });
  });

  test('is here for every file of the directory but the scripts that made them', () => {
    expect(readdirSync(REAL).filter((name) => !name.endsWith('.sh'))).toHaveLength(20);
  });
});

describe('a swap file of Vim', () => {
  const source = sourceOf('notes.txt.swp');

  test('that is too large for a lock is read by its head', () => {
    const head = { ...source, bytes: source.bytes.subarray(0, 108) };
    expect(recogniseHead(head)).toMatchObject({ format: 'vim-swap', record: { pid: 31_040 } });
  });

  test.each([
    ['cut off', source.bytes.subarray(0, 107)],
    ['of zeroes', Buffer.alloc(4096)],
    ['with text', Buffer.from(`b0VIM 9.0${' '.repeat(99)}`).subarray(0, 100)],
  ])('%s is none', (_what, bytes) => {
    expect(typeof recognise({ ...source, bytes, text: 'x' })).toBe('string');
  });

  test('of a Vim that did not know its pid names nobody', () => {
    const bytes = Buffer.from(source.bytes);
    bytes.writeUInt32LE(0, 24);
    expect(recognise({ ...source, bytes })).toContain('names no process');
  });
});

test.each([
  ['pubring.kbx.lock', 'gnupg'],
  ['gc.pid', 'git-gc'],
  ['inbox.lock', 'dovecot'],
  ['lease.lock', 'filelock-2'],
  ['lock.roster', 'borg-roster'],
  ['lockfile', 'qlockfile'],
  ['notes.txt.swp', 'vim-swap'],
  ['pidlock', 'git-annex'],
  ['rtorrent.lock', 'rtorrent'],
  ['soft.lock', 'filelock'],
])('%s of another host is left alone, whether a process has its number or not', (file, format) => {
  const path = join(tempDir(), NAMES[file] ?? file);
  cpSync(join(REAL, file), path);
  const inspection = inspectLockSync(path);
  expect(inspection).toMatchObject({ format, state: 'unknown', owner: { machine: { hostname: 'host' } } });
  expect(inspection.verdict?.reason).toBe('legacy-other-host');
});

test('a swap file is never deleted, and neither is the link of ccache', async () => {
  const directory = tempDir();
  const pid = await pidOfDead();
  const swap = join(directory, '.notes.txt.swp');
  const bytes = readFileSync(join(REAL, 'notes.txt.swp'));
  bytes.writeUInt32LE(pid, 24);
  bytes.fill(0, 68, 108).write(hostname(), 68);
  writeFileSync(swap, Buffer.concat([bytes, Buffer.alloc(100_000)]));
  symlinkSync(`${hostname()}-${pid}-1-1.1`, join(directory, 'stats.lock'));
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    expect(inspectLockSync(path).state).toBe('stale');
    expect(() => reclaimLockSync(path)).toThrow(expect.objectContaining({ code: 'ERR_NOT_A_LOCK' }));
  }
  expect(readdirSync(directory)).toHaveLength(2);
});

test('a marker of filelock with a mode that filelock does not know is not judged', () => {
  const marker = readFileSync(join(REAL, 'lease.lock'), 'utf8');
  const source = sourceOf('lease.lock');
  expect(recognise({ ...source, text: marker.replace('mode=lease', 'mode=other') })).toContain('no known');
  expect(recognise({ ...source, text: marker.replace('mode=lease', 'mode=exclusive') })).toMatchObject({
    format: 'filelock-2',
  });
});

test('a record of several processes names them all', () => {
  const source = sourceOf('haproxy.pid');
  expect(recognise({ ...source, text: '7\n8\n8\n9\n' })).toMatchObject({
    format: 'pid-list',
    record: { pid: 7, claims: { otherPids: [{ pid: 8 }, { pid: 9 }] } },
  });
  const roster = JSON.stringify({
    shared: [
      ['h@1', 7, 0],
      ['h@1', 8, 1],
    ],
  });
  expect(recognise({ ...sourceOf('lock.roster'), text: roster })).toMatchObject({
    record: { pid: 7, claims: { otherPids: [{ pid: 8 }] } },
  });
  for (const text of [
    '{"exclusive":[["h@1",7,0],["other@2",8,0]]}',
    '{"exclusive":[]}',
    '{"exclusive":[[7]]}',
  ]) {
    expect(typeof recognise({ ...sourceOf('lock.roster'), text })).toBe('string');
  }
});
