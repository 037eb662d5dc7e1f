import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Source } from '../../src/formats/format.js';
import { recognise, recogniseHead } from '../../src/formats/recognise.js';
import { machineRecord } from '../../src/record/legacy-fields.js';

const REAL = fileURLToPath(new URL('../fixtures/locks/real/', import.meta.url));
const MTIME = 1_777_458_804_000;
const HOST = machineRecord({ hostname: 'host', pidIsOfHost: true });
const BOOT = '11111111-1111-4111-8111-111111111111';
/** What the script made, under the name that the program itself gives to it. */
const NAMES: Record<string, string> = {
  'ccache.target': 'stats.lock',
  'emacs.target': '.#notes.txt',
  'firefox.target': 'lock',
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
    ['notes.txt.swp', 'vim-swap', { pid: 31040, machine: HOST }],
    ['pidlock', 'git-annex', { pid: 30616, machine: HOST }],
    ['pubring.kbx.lock', 'gnupg', { pid: 29826, machine: HOST }],
    ['rtorrent.lock', 'rtorrent', { pid: 32347, machine: HOST }],
    ['soft.lock', 'filelock', { pid: 1111, starttime: 2_480_916, machine: { ...HOST, bootId: BOOT } }],
    ['wlock.target', 'mercurial', { pid: 30885, machine: { ...HOST, pidNamespace: '4026531836' } }],
  ])('%s has the format %s', (file, format, record) => {
    expect(recognise(sourceOf(file))).toMatchObject({ format, record });
  });

  test('is here for every file of the directory', () => {
    expect(readdirSync(REAL)).toHaveLength(18);
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
