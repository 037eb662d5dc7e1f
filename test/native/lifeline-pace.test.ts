import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { describeRequiring, hasProgram } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

const LINUX = fileURLToPath(new URL('../../native/linux', import.meta.url));
const DRIVER = fileURLToPath(new URL('pace.cc', import.meta.url));

const compiler = ['g++', 'clang++', 'c++'].find((name) => hasProgram(name).available);
const hasCompiler = { available: compiler !== undefined, reason: 'needs a C++ compiler' };

/** Microseconds, the unit of the driver. */
const MS = 1000;
const SECOND = 1000 * MS;
/** A test that costs nothing that counts. */
const CHEAP = 0;

interface Pace {
  readonly listens: boolean;
  /** When the next test is due. */
  readonly next: number;
}

describeRequiring([hasCompiler], 'the pace of one that watches lifelines', () => {
  let program: string;

  beforeAll(() => {
    program = join(tempDir(), 'pace');
    const sources = [DRIVER, join(LINUX, 'lifeline_pace.cc')];
    execFileSync(compiler ?? '', ['-std=c++20', '-fno-exceptions', `-I${LINUX}`, ...sources, '-o', program]);
  }, 120_000);

  /** What it says after each call. */
  function after(...calls: readonly string[]): Pace[] {
    const { status, stdout } = spawnSync(program, { input: calls.join('\n'), encoding: 'utf8' });
    expect(status).toBe(0);
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Pace);
  }

  function last(...calls: readonly string[]): Pace {
    return after(...calls).at(-1) as Pace;
  }

  /** Events from `start` on, one every `interval`. */
  function events(count: number, start: number, interval: number): string[] {
    return Array.from({ length: count }, (_, index) => `event ${start + index * interval}`);
  }

  test('listens from the beginning, and tests at once', () => {
    expect(last(`wake ${SECOND}`)).toEqual({ listens: true, next: SECOND });
  });

  test('tests 1, 2, 4, ... ms after an event, and then once a second', () => {
    let now = SECOND;
    const calls = [`wake ${now}`, `event ${now}`];
    const pauses: number[] = [];
    for (let i = 0; i < 9; i += 1) {
      calls.push(`tested ${now} ${CHEAP}`);
      const { next } = last(...calls);
      pauses.push((next - now) / MS);
      now = next;
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 1000, 1000]);
    expect(last(...calls, `event ${now}`, `tested ${now} ${CHEAP}`).next - now).toBe(MS);
  });

  test('stays with the events while no more than twenty come in a second', () => {
    expect(last('wake 0', ...events(200, 0, 51 * MS)).listens).toBe(true);
    expect(last('wake 0', ...events(20, 0, 1)).listens).toBe(true);
  });

  test('polls once more come, twenty times a second, and tests at the last event too', () => {
    const burst = ['wake 0', ...events(21, MS, MS)];
    const end = 21 * MS;
    expect(last(...burst)).toEqual({ listens: false, next: end });
    const { next } = last(...burst, `tested ${end} ${CHEAP}`);
    expect(next - end).toBeGreaterThanOrEqual(40 * MS);
    expect(next - end).toBeLessThanOrEqual(60 * MS);
  });

  test('does not poll in step with others: the pauses vary', () => {
    const calls = ['wake 0', ...events(21, MS, MS)];
    const polls = Array.from({ length: 50 }, (_, index) => `tested ${SECOND + index} ${CHEAP}`);
    const pauses = after(...calls, ...polls)
      .slice(calls.length)
      .map(({ next }, index) => next - SECOND - index);
    expect(new Set(pauses).size).toBeGreaterThan(20);
  });

  test('listens again after a second of polling, and after twice the time each time that this fails', () => {
    const calls = ['wake 0', ...events(21, 0, MS)];
    let now = 20 * MS;
    for (const seconds of [1, 2, 4, 8, 16, 32, 64, 64]) {
      // The time varies by a fifth.
      const [early, late] = [now + seconds * 0.79 * SECOND, now + seconds * 1.21 * SECOND];
      const [before, then] = after(...calls, `wake ${early}`, `wake ${late}`).slice(-2);
      expect([before?.listens, then?.listens]).toEqual([false, true]);
      calls.push(`wake ${late}`, ...events(21, late, MS));
      now = late + 20 * MS;
    }
  });

  test('begins with a second again after it could listen for ten', () => {
    const calls = ['wake 0', ...events(21, 0, MS), `wake ${2 * SECOND}`];
    expect(last(...calls).listens).toBe(true);
    const again = [...calls, ...events(21, 13 * SECOND, MS), `wake ${14.5 * SECOND}`];
    expect(last(...again).listens).toBe(true);
  });

  test('counts no event while it polls', () => {
    const calls = ['wake 0', ...events(21, 0, MS), `tested ${30 * MS} ${CHEAP}`];
    const { next } = last(...calls);
    expect(last(...calls, ...events(100, 31 * MS, 10)).next).toBe(next);
  });

  test('polls where the kernel reports nothing', () => {
    const { listens, next } = last('wake 0', 'deaf 0', `tested 0 ${CHEAP}`);
    expect(listens).toBe(false);
    expect(next).toBeLessThanOrEqual(60 * MS);
  });

  test('rests in proportion to what the tests cost, whatever comes', () => {
    const calls = ['wake 0', 'event 0', `tested 0 ${4 * MS}`];
    expect(last(...calls).next).toBe(SECOND);
    expect(last(...calls, `event ${10 * MS}`).next).toBe(SECOND);
    // A clock that jumped does not put it to sleep.
    expect(last('wake 0', `tested 0 ${3600 * SECOND}`).next).toBe(4 * SECOND);
  });
});
