import { expect, test } from 'vitest';
import { alignFields, wrap } from '../../src/cli/format/layout.js';
import { formatElapsed } from '../../src/text/elapsed.js';
import { printable, printableJson } from '../../src/text/printable.js';

test('elapsed time is given in its two largest units', () => {
  const expected: readonly [ms: number, text: string][] = [
    [0, '0 ms'],
    [999, '999 ms'],
    [1_000, '1 s'],
    [12_345, '12.3 s'],
    [59_999, '59.9 s'],
    [60_000, '1 min'],
    [303_000, '5 min 3 s'],
    [3_600_000, '1 h'],
    [3_605_000, '1 h'],
    [7_500_000, '2 h 5 min'],
    [187_200_000, '2 d 4 h'],
  ];
  for (const [ms, text] of expected) expect(formatElapsed(ms)).toBe(text);
});

test('text is wrapped between words, and inside a word only where it must be', () => {
  expect(wrap('', 5)).toEqual(['']);
  expect(wrap('abc', 3)).toEqual(['abc']);
  expect(wrap('abc def', 3)).toEqual(['abc', 'def']);
  expect(wrap('ab cd ef', 5)).toEqual(['ab cd', 'ef']);
  expect(wrap('abcdefgh', 3)).toEqual(['abc', 'def', 'gh']);
  expect(wrap(' abcdef', 3)).toEqual([' ab', 'cde', 'f']);
});

test('a character outside the basic plane is not cut in two', () => {
  expect(wrap('ab😀cd', 3)).toEqual(['ab', '😀c', 'd']);
});

test('fields are aligned, and long values wrapped beside their name', () => {
  const text = alignFields(
    [
      ['a', 'short'],
      ['longer', 'word '.repeat(30).trim()],
    ],
    2,
  );
  const lines = text.split('\n');
  expect(lines[0]).toBe('  a       short');
  expect(lines[1]).toMatch(/^ {2}longer {2}word/);
  expect(lines[2]).toMatch(/^ {10}word/);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
});

test('what can be seen is printed as it is', () => {
  const text = 'pid 7, "ünïcode 日本語 😀", C:\\x';
  expect(printable(text)).toBe(text);
});

test('JSON keeps its value whatever is in it', () => {
  const value = { a: '\u001b\u0085\u200e\u{e0041}\ud800\n', b: [1, null] };
  expect(JSON.parse(printableJson(value))).toEqual(value);
  expect(printableJson({ b: [1] })).toBe('{\n  "b": [\n    1\n  ]\n}');
});
