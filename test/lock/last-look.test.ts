import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { currentBackend } from '../../src/backend/select.js';
import { sleepSync } from '../../src/backend/sleep.js';
import { LastLook } from '../../src/lock/protocol/last-look.js';
import { LockPath } from '../../src/lock/protocol/lock-path.js';
import { LockView } from '../../src/lock/protocol/view.js';
import { onCleanup } from '../helpers/cleanup.js';

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
