import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
// @ts-expect-error a script in plain JavaScript
import * as list from './list.mjs';

/** The problems of one mutant of `file`, named in a list of its own. */
function problemsOf(file: string, from: string, tests: readonly string[] = ['test/mutants']): string[] {
  const mutants = [{ what: 'the mistake', from, to: '' }];
  return list.brokenJobs(list.listJobs([], { 'test/mutants/some.mjs': [{ file, tests, mutants }] }));
}

test('every mutant can be made: its text is in its file exactly once, and its tests are there', () => {
  const problems: string[] = list.brokenJobs(list.listJobs([]));
  expect(problems, problems.join('\n')).toEqual([]);
  expect(list.listJobs([]).length).toBeGreaterThan(150);
});

describe('a mutant that cannot be made is reported', () => {
  const FILE = 'vitest.config.ts';

  test('when its file is gone', () => {
    expect(problemsOf('src/gone.ts', 'text')).toEqual([
      'test/mutants/some.mjs names src/gone.ts, which is gone: if it was renamed, write its new path there; ' +
        'if its code went elsewhere, move the mutants to that file',
    ]);
  });

  test('when its text is not there', () => {
    const from = ['no', 'such', 'text'].join('\n');
    expect(problemsOf(FILE, from)).toEqual([
      `test/mutants/some.mjs: ${FILE} does not hold the text of "the mistake": ` +
        'write there how the code reads now, with the same mistake in it.\n    no\n    such\n    text',
    ]);
  });

  test('when its text is there more than once', () => {
    const count = readFileSync(join(list.ROOT, FILE), 'utf8').split('test').length - 1;
    expect(count).toBeGreaterThan(1);
    expect(problemsOf(FILE, 'test')).toEqual([
      `test/mutants/some.mjs: ${FILE} holds ${count} times the text of "the mistake": ` +
        'pin a longer text, which is there only once.\n    test',
    ]);
  });

  test('when its tests are gone', () => {
    expect(problemsOf(FILE, 'hookTimeout', ['test/gone.test.ts'])).toEqual([
      `test/mutants/some.mjs names test/gone.test.ts as a test of ${FILE}, but it is gone: ` +
        'if it was renamed, write its new path there',
    ]);
  });

  test('once, when several mutants have the same problem', () => {
    const mutants = ['one', 'two'].map((from) => ({ what: from, from, to: '' }));
    const files = [{ file: 'src/gone.ts', tests: ['test/mutants'], mutants }];
    expect(list.brokenJobs(list.listJobs([], { 'test/mutants/some.mjs': files }))).toHaveLength(1);
  });
});
