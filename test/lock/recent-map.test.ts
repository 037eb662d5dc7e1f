import { expect, test } from 'vitest';
import { RecentMap } from '../../src/recent-map.js';

test('a map of recent entries forgets the one that was set, or set anew, the longest time ago', () => {
  const map = new RecentMap<number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.set('a', 3);
  map.set('c', 4);
  expect(['a', 'b', 'c'].map((key) => map.get(key))).toEqual([3, undefined, 4]);
  expect(['a', 'b', 'c'].map((key) => map.has(key))).toEqual([true, false, true]);
});
