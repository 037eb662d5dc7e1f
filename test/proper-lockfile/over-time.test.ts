// What takes a second or two, because proper-lockfile has least times. All of it goes on at once.
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasBackend } from '../helpers/backends.js';
import { until } from '../helpers/until.js';
import { ENTRIES, foreignFs, loadEntry, type ProperLockfile } from './entries.js';

/** It outlives the single test, because these run at once. */
let directory = '';
let made = 0;

function newFile(): string {
  made += 1;
  const file = join(directory, `data-${made}`);
  writeFileSync(file, '');
  return file;
}

const available = ENTRIES.filter(([, backend]) => hasBackend(backend).available);
const apis = new Map<string, ProperLockfile>();
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kernel-identity-test-'));
  for (const [name, backend] of available) apis.set(name, await loadEntry(backend));
});

afterAll(() => rmSync(directory, { recursive: true }));

describe.concurrent.each(available)('a lock %s', (name, _backend, options) => {
  const apiOf = () => apis.get(name) as ProperLockfile;

  test('of an unknown owner with a time in the future is taken once it was seen unchanged', async () => {
    const { lockSync } = apiOf();
    const file = newFile();
    mkdirSync(`${file}.lock`);
    const future = new Date(Date.now() + 3_600_000);
    utimesSync(`${file}.lock`, future, future);
    const started = performance.now();
    let tries = 0;
    const release = await until(
      'single tries get it',
      () => {
        tries += 1;
        try {
          return lockSync(file, { ...options, stale: 2_000 });
        } catch {
          return false;
        }
      },
      6_000,
    );
    expect(tries).toBeGreaterThan(1);
    expect(performance.now() - started).toBeGreaterThan(1_900);
    release();
  });

  test('whose directory another program removed is reported, and released all the same', async () => {
    const { lock } = apiOf();
    const file = newFile();
    const reported: (Error & { code?: string })[] = [];
    const onCompromised = (error: Error) => reported.push(error);
    const release = await lock(file, { ...options, update: 1_000, onCompromised });
    rmdirSync(`${file}.lock`);
    await until('it is reported', () => reported.length > 0);
    expect(reported).toEqual([expect.objectContaining({ code: 'ECOMPROMISED', file })]);
    await expect(release()).rejects.toMatchObject({ code: 'ERELEASED' });
    const again = await lock(file, options);
    rmdirSync(`${file}.lock`);
    await again();
  });

  test('is kept while its time is set, and whoever else sets that does no harm', async () => {
    const { lock } = apiOf();
    const file = newFile();
    const reported: Error[] = [];
    const release = await lock(file, {
      ...options,
      update: 1,
      onCompromised: (error: Error) => reported.push(error),
    });
    const before = statSync(`${file}.lock`).mtimeMs;
    utimesSync(`${file}.lock`, new Date(0), new Date(0));
    await until('the time is set', () => statSync(`${file}.lock`).mtimeMs > before);
    await release();
    expect(reported).toEqual([]);
  });
});

test.concurrent('a foreign module that fails to set the time for longer than the threshold loses the lock', async () => {
  const { lock } = await import('../../src/proper-lockfile/index.js');
  const file = newFile();
  const fs = foreignFs();
  const reported: Error[] = [];
  await lock(file, { fs, stale: 2_000, update: 1_000, onCompromised: (error) => reported.push(error) });
  Object.assign(fs, {
    utimes: (...args: unknown[]) => (args.at(-1) as (error: Error) => void)(new Error('no')),
  });
  await sleep(1_500);
  expect(reported).toEqual([]);
  await until('it is reported', () => reported.length > 0);
  expect(reported[0]).toMatchObject({ code: 'ECOMPROMISED', cause: { message: 'no' } });
});
