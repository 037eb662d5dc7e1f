import { mkdirSync, renameSync, unlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { currentBackend } from '../../src/backend/select.js';
import { sleepSync } from '../../src/backend/sleep.js';
import { NotALockError } from '../../src/errors.js';
import { selfIdentity } from '../../src/index.js';
import { assess, type InspectOptions, type LockState } from '../../src/lock/protocol/assess.js';
import { LastLook } from '../../src/lock/protocol/last-look.js';
import { LockPath } from '../../src/lock/protocol/lock-path.js';
import { LockView } from '../../src/lock/protocol/view.js';
import { onCleanup } from '../helpers/cleanup.js';
import { writeLockOf } from '../helpers/crafted.js';
import { tempDir } from '../helpers/temp-dir.js';

// What a waiter remembers from one look to the next.

beforeAll(() => {
  currentBackend();
});

test('the time without a change begins anew with each change', () => {
  const lastLook = new LastLook();
  expect(lastLook.unchangedFor('a')).toBe(0);
  sleepSync(20);
  expect(lastLook.unchangedFor('a')).toBeGreaterThan(10);
  expect(lastLook.unchangedFor('b')).toBe(0);
  expect(lastLook.unchangedFor('a')).toBe(0);
});

test('a directory without a record stays open, so that its number goes to no other, until it is forgotten', () => {
  const path = join(tempDir(), 'a.lock');
  mkdirSync(path);
  const lockPath = LockPath.open(path);
  onCleanup(() => lockPath.close());
  const view = LockView.open(lockPath) ?? expect.fail();
  const lastLook = new LastLook();
  lastLook.keep(view);
  view.close();
  const { files } = lockPath.backend;
  expect(files.statDescriptor(view.directory).kind).toBe('directory');
  lastLook.forget();
  expect(() => files.statDescriptor(view.directory)).toThrow(expect.objectContaining({ code: 'EBADF' }));
});

describe('a waiter whose owner has deleted its record, as a release does before it removes the directory', () => {
  /** Makes a waiter look at a lock, and then at its directory without the record; locks on it are asked for by `ask`. */
  function lookAgain(
    name: string,
    ask: () => 'held' | 'free',
    options: InspectOptions = {},
    change: (path: string) => void = () => {},
  ): LockState {
    const path = join(tempDir(), name);
    const record = writeLockOf(path, selfIdentity());
    const lockPath = LockPath.open(path);
    onCleanup(() => lockPath.close());
    const lastLook = new LastLook();
    onCleanup(() => lastLook.forget());
    const look = () => {
      const view = LockView.open(lockPath) ?? expect.fail();
      try {
        const found = assess(view, options, lastLook);
        lastLook.keep(view);
        return found;
      } finally {
        view.close();
      }
    };
    expect(look().state).toBe('held');
    unlinkSync(record);
    change(path);
    const old = Date.now() / 1000 - 20;
    utimesSync(path, old, old);
    vi.spyOn(lockPath.backend.witness, 'testAnyLock').mockImplementation(ask);
    try {
      look();
      return look();
    } finally {
      vi.restoreAllMocks();
    }
  }

  test('asks for no locks on the directory while it waits anyway, because the kernel takes 10 ms to list them', () => {
    const ask = vi.fn(() => 'held' as const);
    expect(lookAgain('a.lock', ask)).toMatchObject({
      state: 'unknown',
      description: expect.stringContaining('within the grace of 30 s'),
    });
    expect(ask).not.toHaveBeenCalled();
  });

  test('asks for them before it takes the directory for abandoned, or refuses it', () => {
    expect(lookAgain('a.lock', () => 'held', { ownerlessGrace: 10 }).state).toBe('held');
    expect(lookAgain('a.lock', () => 'free', { ownerlessGrace: 10 }).state).toBe('stale');
    expect(lookAgain('mutex', () => 'held').state).toBe('held');
    expect(lookAgain('mutex', () => 'free').refusal).toBeInstanceOf(NotALockError);
  });

  test('asks for them on another directory that stands there by now', () => {
    const another = (path: string) => {
      renameSync(path, `${path}-before`);
      mkdirSync(path);
    };
    expect(lookAgain('a.lock', () => 'held', {}, another).state).toBe('held');
  });
});
