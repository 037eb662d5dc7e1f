import { expect, test } from 'vitest';
import { Wakeup } from '../../src/lock/waiting/wakeup.js';

const LONG = 60_000;

test('whoever waits is woken, and whoever comes after the ring does not wait, once', async () => {
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

test('an abort ends the wait with its reason, and what rings afterwards is for the next', async () => {
  const bell = new Wakeup();
  const controller = new AbortController();
  const reason = new Error('enough');
  const waiting = bell.wait(LONG, controller.signal);
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  bell.ring();
  await bell.wait(LONG, undefined);
});
