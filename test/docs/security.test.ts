import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { read, TOP } from './pages.js';

/** The rows of the table of threats, each as its cells. */
function threats(): string[][] {
  const rows = read('SECURITY.md')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| who'));
  return rows.map((row) => row.split(' | ').map((cell) => cell.replace(/^\| ?| \|$/g, '')));
}

/** The tests that a cell names: `file`: *name*. */
function testsIn(cell: string): { readonly file: string; readonly name: string }[] {
  return [...cell.matchAll(/`(test\/[\w./-]+)`: \*([^*]+)\*/g)].map(([, file = '', name = '']) => ({
    file,
    name,
  }));
}

/** True when the name, or the part of it that is not filled in, stands in a title or in the row of a table of tests. */
function isTestOf(file: string, name: string): boolean {
  if (!existsSync(join(TOP, file))) return false;
  return read(file)
    .split('\n')
    .some((line) => line.includes(name) && /['"`]/.test(line) && !line.trimStart().startsWith('//'));
}

test('each threat in SECURITY.md says who, what, what stops it, and by which test that is known', () => {
  expect(threats().length).toBeGreaterThan(25);
  for (const [who, what, stops, tests = '', ...more] of threats()) {
    expect(who, what).toBeDefined();
    expect(stops, what).not.toBe('');
    expect(testsIn(tests), what).not.toEqual([]);
    expect(more, what).toEqual([]);
  }
});

test('each test that SECURITY.md names is there', () => {
  const named = threats().flatMap(([, , , tests = '']) => testsIn(tests));
  expect(named.filter(({ file, name }) => !isTestOf(file, name))).toEqual([]);
});

test('a test that is not there would be found', () => {
  expect(isTestOf('test/docs/security.test.ts', ['no', 'such', 'name'].join(' '))).toBe(false);
  expect(isTestOf('test/docs/nowhere.test.ts', 'x')).toBe(false);
});
