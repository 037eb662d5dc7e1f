import { describe, expect, test } from 'vitest';
import type { FileStatus } from '../../src/backend/backend.js';
import { Silence } from '../../src/lock/protocol/silence.js';
import { silenceOf } from '../../src/lock/protocol/silences.js';

// For how long an owner was silent, as sums over looks. No clock is involved.

/** ms; what one interval counts for at most. */
const BEAT = 100;

/** The silence after each look. A look is given as its start, its end and what it saw. */
function sums(...looks: readonly (readonly [startedMs: number, endedMs: number, saw: string])[]): number[] {
  const silence = new Silence();
  return looks.map(([startedMs, endedMs, saw]) => silence.add(saw, { startedMs, endedMs }, BEAT));
}

describe('the silence of an owner', () => {
  test('is none at the first look, and the sum of the intervals from then on', () => {
    expect(sums([1000, 1001, 'a'], [1050, 1051, 'a'], [1100, 1101, 'a'])).toEqual([0, 49, 98]);
  });

  test('begins anew whenever a look sees something else', () => {
    expect(sums([0, 0, 'a'], [90, 90, 'a'], [180, 180, 'b'], [200, 200, 'b'], [210, 210, 'a'])).toEqual([
      0, 90, 0, 20, 0,
    ]);
  });

  test('does not grow while an answer is on its way', () => {
    expect(sums([0, 1, 'a'], [50, 4050, 'a'], [4060, 8060, 'a'])).toEqual([0, 49, 59]);
    expect(sums([0, 4000, 'a'], [4010, 4011, 'a'])).toEqual([0, 10]);
  });

  test('grows by one beat at most between two looks, however long the observer was stopped', () => {
    expect(sums([0, 0, 'a'], [3_600_000, 3_600_000, 'a'], [3_600_050, 3_600_050, 'a'])).toEqual([
      0, 100, 150,
    ]);
  });

  test('never shrinks, not even by a clock that goes back', () => {
    expect(sums([1000, 1000, 'a'], [1050, 1050, 'a'], [900, 900, 'a'], [930, 930, 'a'])).toEqual([
      0, 50, 50, 80,
    ]);
  });
});

describe('what is remembered of a silence', () => {
  const status = (inode: string): FileStatus => ({
    kind: 'file',
    device: '7',
    inode,
    links: 1,
    size: 1,
    mtimeMs: 1,
    ctimeMs: 1,
  });
  const at = (ms: number) => ({ startedMs: ms, endedMs: ms });

  test('is one sum for each file', () => {
    silenceOf(status('one')).add('a', at(0), BEAT);
    expect(silenceOf(status('two')).add('a', at(50), BEAT)).toBe(0);
    expect(silenceOf(status('one')).add('a', at(50), BEAT)).toBe(50);
    expect(silenceOf(status('one')).add('b', at(60), BEAT)).toBe(0);
  });

  test('is bounded: the file that was looked at least recently is forgotten', () => {
    silenceOf(status('old')).add('a', at(0), BEAT);
    silenceOf(status('used')).add('a', at(0), BEAT);
    for (let i = 0; i < 999; i += 1) {
      silenceOf(status(`other ${i}`));
      silenceOf(status('used'));
    }
    expect(silenceOf(status('used')).add('a', at(50), BEAT)).toBe(50);
    expect(silenceOf(status('old')).add('a', at(50), BEAT)).toBe(0);
  });
});
