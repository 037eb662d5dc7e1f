import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inspectLockSync, reclaimLockSync, selfIdentity } from '../../src/index.js';
import { onCleanup } from '../helpers/cleanup.js';
import { BUILT, cli } from '../helpers/cli.js';
import { NOBODY } from '../helpers/crafted.js';
import { describeRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { link, written } from './wild.js';

/** Paths that hold no lock, whatever their name. Each function makes one. */
const NO_LOCKS: Record<string, (path: string) => unknown> = {
  'ten megabytes of digits': (path) => writeFileSync(path, '7'.repeat(10_000_000)),
  'ten megabytes of JSON': (path) => writeFileSync(path, `{"pid":${NOBODY},"x":"${'x'.repeat(10_000_000)}"}`),
  'ten megabytes of nothing behind a pid': (path) => {
    writeFileSync(path, `${NOBODY}\n`);
    truncateSync(path, 10_000_000);
  },
  'JSON nested without end': (path) => writeFileSync(path, `{"pid":${NOBODY},"x":${'['.repeat(30_000)}`),
  'a FIFO': (path) => spawnSync('mkfifo', [path]),
  'a socket': (path) => {
    const server = createServer().listen(path);
    onCleanup(() => void server.close());
    return new Promise((resolve) => server.once('listening', resolve));
  },
  'a link to itself': (path) => symlinkSync('a.lock', path),
  'a link to a lock file': (path) => {
    written(`${path}.target`, `${NOBODY}\n`, Date.now());
    symlinkSync(`${path}.target`, path);
  },
  'a link that leads nowhere': (path) => symlinkSync('nowhere', path),
  'a link that looks like Chromium’s': (path) => symlinkSync(`host-${NOBODY}`, path),
  'an empty file': (path) => writeFileSync(path, ''),
  'binary data': (path) => writeFileSync(path, Buffer.from([0xff, 0xfe, 0, 7, 10])),
};

for (const [what, make] of Object.entries(NO_LOCKS)) {
  test(`${what}: of no format, unknown, and refused by reclaim`, async () => {
    const directory = tempDir();
    const path = join(directory, 'a.lock');
    await make(path);
    const before = readdirSync(directory);
    const inspection = inspectLockSync(path);
    expect(inspection).toMatchObject({ format: 'none', state: 'unknown', verdict: null, owner: null });
    expect(inspection.description).not.toBe('');
    expect(() => reclaimLockSync(path)).toThrow(expect.objectContaining({ code: 'ERR_NOT_A_LOCK', path }));
    expect(readdirSync(directory)).toEqual(before);
  });
}

test('a number too large for a process is unknown, never dead', () => {
  for (const text of [
    '4194305',
    '1777458804',
    '99999999999999999999',
    '0',
    `{"pid":1e300}`,
    `{"pid":-7}`,
    `{"pid":"4194305"}`,
  ]) {
    const path = written(join(tempDir(), 'a.pid'), text, Date.now());
    expect(reclaimLockSync(path)).toMatchObject({
      state: 'unknown',
      verdict: { reason: 'malformed-record' },
      reclaimed: false,
    });
  }
});

test('a file of 64 KiB is read, one byte more is not', () => {
  const text = `{"pid":${NOBODY}}`;
  const path = written(join(tempDir(), 'a.lock'), text.padEnd(65_536), Date.now());
  expect(inspectLockSync(path).state).toBe('stale');
  expect(inspectLockSync(written(path, text.padEnd(65_537), Date.now())).format).toBe('none');
});

test('a data file with a pid in it is unknown and not deleted, whether such a process lives or not', () => {
  for (const [name, text] of [
    ['VERSION', `${NOBODY}\n`],
    ['spider-state.txt', `${process.pid}\n`],
    ['patients.json', JSON.stringify({ pid: NOBODY, name: 'Bob' })],
    ['results.json', JSON.stringify({ pid: process.pid })],
  ] as const) {
    const directory = tempDir();
    const path = written(join(directory, name), text, Date.now());
    expect(inspectLockSync(path)).toMatchObject({
      state: 'unknown',
      format: 'none',
      owner: null,
      verdict: null,
      liftedBy: null,
      description: expect.stringMatching(/has no word "lock", "lck" or "pid" in its name/),
    });
    expect(() => reclaimLockSync(path)).toThrow(/has no word "lock", "lck" or "pid" in its name/);
    expect(readdirSync(directory)).toEqual([name]);
  }
});

test('a list of numbers of which one is a time, or in octal digits, is no list of processes', () => {
  for (const second of [Math.floor(Date.now() / 1000) + 600, '0771', 4_194_305]) {
    const path = written(join(tempDir(), 'a.pid'), `${NOBODY}\n${second}\n`, Date.now());
    expect(inspectLockSync(path)).toMatchObject({ state: 'unknown', format: 'none' });
  }
});

test('a record with an identity of this package is judged under any name', () => {
  const identity = selfIdentity();
  const path = written(
    join(tempDir(), 'state.json'),
    JSON.stringify({ identity, pid: process.pid }),
    Date.now(),
  );
  expect(inspectLockSync(path)).toMatchObject({ state: 'held', owner: { pid: process.pid } });
});

test('what one program alone writes is judged under the name that it gives, and not deleted', () => {
  const path = written(join(tempDir(), 'dev.json'), JSON.stringify({ pid: NOBODY, port: 3000 }), Date.now());
  expect(inspectLockSync(path)).toMatchObject({ state: 'stale', format: 'dev-server' });
  expect(() => reclaimLockSync(path)).toThrow(/has no word "lock", "lck" or "pid" in its name/);
});

test('the owner.json of a lock is not judged without its directory', () => {
  const lock = join(tempDir(), 'a.lock');
  mkdirSync(lock);
  const path = written(join(lock, 'owner.json'), `{"pid":${NOBODY}}`, Date.now());
  expect(inspectLockSync(path)).toMatchObject({ format: 'none', state: 'unknown' });
  expect(() => reclaimLockSync(path)).toThrow(expect.objectContaining({ code: 'ERR_NOT_A_LOCK' }));
});

test('what was inspected leaves no descriptor open', () => {
  const directory = tempDir();
  const paths = Object.entries(NO_LOCKS)
    .filter(([what]) => what !== 'a socket')
    .map(([, make], index) => {
      mkdirSync(join(directory, String(index)));
      const path = join(directory, String(index), 'a.lock');
      make(path);
      return path;
    });
  paths.push(written(join(directory, 'a.pid'), '1\n', Date.now()));
  const look = () => {
    for (const path of paths) inspectLockSync(path);
  };
  look();
  const before = readdirSync('/proc/self/fd').length;
  for (let round = 0; round < 20; round++) look();
  expect(readdirSync('/proc/self/fd').length).toBe(before);
});

/** The characters clear the screen, set the title, and reverse the text. */
const HOSTILE = '\u001b[2J\u001b]0;owned\u0007\u009b1A\r\n\u202egnp';

describeRequiring(BUILT, 'control characters in a host name', () => {
  test.each([
    ['JSON', (directory: string) => json(directory)],
    ['a link', (directory: string) => link(join(directory, 'SingletonLock'), `${HOSTILE}-7`, Date.now())],
  ])('of %s are shown and not obeyed', async (_name, make) => {
    const path = make(tempDir());
    for (const args of [
      ['inspect', path],
      ['inspect', path, path],
      ['reclaim', path],
      ['dump', path],
      ['dump', '--redact', path],
    ]) {
      const { stdout, stderr } = await cli(args);
      for (const line of (stdout + stderr).split('\n')) expect(line).toMatch(/^[^\p{Cc}\p{Cf}]*$/u);
    }
    expect((await cli(['inspect', path])).stdout).toContain('\\u{1b}[2J');
    const [{ owner }] = JSON.parse((await cli(['inspect', '--json', path])).stdout);
    expect(owner.machine.hostname).toBe(HOSTILE);
  });
});

function json(directory: string): string {
  const text = JSON.stringify({ pid: 7, hostname: HOSTILE });
  return written(join(directory, 'a.lock'), text, Date.now());
}
