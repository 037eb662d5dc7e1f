import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { Wakeup } from '../../src/lock/waiting/wakeup.js';

const LONG = 60_000;

test('a task that waits is woken, and one wait after a wakeup returns at once', async () => {
  const wakeup = new Wakeup();
  const waiting = wakeup.wait(LONG, undefined);
  wakeup.wake();
  await waiting;
  wakeup.wake();
  wakeup.wake();
  await wakeup.wait(LONG, undefined);
  const started = performance.now();
  await wakeup.wait(50, undefined);
  expect(performance.now() - started).toBeGreaterThan(48);
});

test('an abort ends the wait with its reason, and a wakeup after it is for the next wait', async () => {
  const wakeup = new Wakeup();
  const controller = new AbortController();
  const reason = new Error('enough');
  const waiting = wakeup.wait(LONG, controller.signal);
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  wakeup.wake();
  await wakeup.wait(LONG, undefined);
});

test('a signal has one listener, however many wait for it, and none when they are done', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const wakeups = Array.from({ length: 20 }, () => new Wakeup());
  const first = wakeups.map((wakeup) => wakeup.wait(LONG, signal));
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  for (const wakeup of wakeups) wakeup.wake();
  await Promise.all(first);
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  const second = wakeups.map((wakeup) => wakeup.wait(LONG, signal));
  wakeups[0]?.wake();
  await second[0];
  controller.abort(new Error('enough'));
  const outcomes = await Promise.allSettled(second);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', ...Array(19).fill('rejected')]);
});
