import { afterEach, expect, test, vi } from 'vitest';
import type { Obstacle } from '../../src/lock/waiting/obstacle.js';
import { PROGRAM } from '../helpers/cli.js';

// A waiter that nothing but a person can help says so once, because it would otherwise wait for ever in silence.

const STUCK: Obstacle = {
  verdict: { state: 'unknown', certainty: 'proven', reason: 'malformed-record', evidence: [] },
  description: 'owner unknown: malformed-record',
  owner: null,
  moving: false,
};

afterEach(() => void vi.restoreAllMocks());

/** Reports what a waiter sees, each time with the time that it has waited in s, and returns the warnings. */
async function warningsOf(...looks: [seconds: number, seen: Obstacle][]): Promise<string[]> {
  vi.resetModules();
  const { Reporter } = await import('../../src/lock/waiting/reporter.js');
  const emit = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const reporter = new Reporter('/run/a.lock', {});
  for (const [seconds, seen] of looks) reporter.report(seen, seconds * 1000);
  return emit.mock.calls.map(([message]) => String(message));
}

test('once in a process, after a minute in which nothing has decided', async () => {
  expect(await warningsOf([0, STUCK], [59.9, STUCK])).toEqual([]);
  const warnings = await warningsOf([5, STUCK], [30, STUCK], [65, STUCK], [140, STUCK]);
  expect(warnings).toHaveLength(1);
  for (const words of ['/run/a.lock', 'malformed-record', `${PROGRAM} reclaim /run/a.lock`]) {
    expect(warnings[0]).toContain(words);
  }
});

test('with the option that lifts the objection', async () => {
  const [warning] = await warningsOf(
    [0, { ...STUCK, liftedBy: 'ownerlessGrace' }],
    [60, { ...STUCK, liftedBy: 'ownerlessGrace' }],
  );
  expect(warning).toContain(`${PROGRAM} reclaim --ownerless 0s /run/a.lock`);
});

test('not while time, or the owner, ends the waiting', async () => {
  const leased: Obstacle = { ...STUCK, lookAgainIn: 5_000 };
  const held: Obstacle = { ...STUCK, verdict: { ...STUCK.verdict, state: 'alive' } as Obstacle['verdict'] };
  expect(await warningsOf([0, leased], [100, leased])).toEqual([]);
  expect(await warningsOf([0, held], [100, held])).toEqual([]);
  expect(await warningsOf([0, STUCK], [50, held], [61, STUCK], [120, STUCK])).toEqual([]);
});
