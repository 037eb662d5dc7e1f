import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type AcquireEvent, acquireLockSync, onLockEvent } from '../../src/index.js';
import { tempDir } from '../helpers/temp-dir.js';

test('onLockEvent passes on the events of its name, typed, until the subscription ends', () => {
  const path = join(tempDir(), 'a.lock');
  const acquired: AcquireEvent[] = [];
  const released: string[] = [];
  const listener = (event: AcquireEvent) => acquired.push(event);
  const stops = [onLockEvent('acquire', listener), onLockEvent('acquire', listener)];
  const stopReleased = onLockEvent('release', (event) => released.push(event.path));
  acquireLockSync(path).releaseSync();
  expect(acquired.map((event) => event.owner.pid)).toEqual([process.pid, process.pid]);
  stops[0]?.();
  stops[0]?.();
  acquireLockSync(path).releaseSync();
  expect(acquired).toHaveLength(3);
  stops[1]?.();
  stopReleased();
  acquireLockSync(path).releaseSync();
  expect([acquired.length, released]).toEqual([3, [path, path]]);
});

test.each([
  ['aquire', 'ERR_INVALID_ARG_VALUE', `unknown event "aquire"; did you mean 'acquire'?`],
  ['kernel-identity:lost', 'ERR_INVALID_ARG_VALUE', 'the events are wait, slowOwner, acquire'],
  ['constructor', 'ERR_INVALID_ARG_VALUE', 'unknown event "constructor"'],
  [null, 'ERR_INVALID_ARG_VALUE', 'unknown event null'],
])('onLockEvent refuses the name %s', (name, code, words) => {
  const call = () => onLockEvent(name as never, () => {});
  expect(call).toThrow(expect.objectContaining({ name: 'TypeError', code }));
  expect(call).toThrow(words);
});

test('onLockEvent refuses a listener that is no function', () => {
  expect(() => onLockEvent('lost', 'call me' as never)).toThrow(
    expect.objectContaining({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }),
  );
});
