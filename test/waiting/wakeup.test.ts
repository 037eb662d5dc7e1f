import { expect, test } from 'vitest';
import { Wakeup } from '../../src/lock/waiting/wakeup.js';

const LONG = 60_000;

test('a task that waits is woken, and one wait after a wakeup returns at once', async () => {
  const bell = new Wakeup();
  const waiting = bell.wait(LONG, undefined);
  bell.ring();
  await waiting;
  bell.ring();
  bell.ring();
  await bell.wait(LONG, undefined);
  const started = performance.now();
  await bell.wait(50, undefined);
  expect(performance.now() - started).toBeGreaterThan(48);
});

test('an abort ends the wait with its reason, and a wakeup after it is for the next wait', async () => {
  const bell = new Wakeup();
  const controller = new AbortController();
  const reason = new Error('enough');
  const waiting = bell.wait(LONG, controller.signal);
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  bell.ring();
  await bell.wait(LONG, undefined);
});
