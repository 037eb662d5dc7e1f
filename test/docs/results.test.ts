import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
// @ts-expect-error a script in plain JavaScript
import { writeResults } from '../deep/frame/results.mjs';
// @ts-expect-error a script in plain JavaScript
import { formatMarkdown } from '../deep/frame/table.mjs';
import { tempDir } from '../helpers/temp-dir.js';
import { read, TOP } from './pages.js';

const RESULTS = 'test/deep/results';
const ROW = {
  runtime: 'runc',
  situation: 'killed mid-hold',
  cycles: 5,
  p50: 3.4,
  max: 11,
  thefts: 0,
  wedges: 0,
};
const RUN = {
  name: 'runc',
  about: 'what starts containers',
  startedAt: new Date('2026-11-23T12:00:00Z'),
  seconds: 17,
  cycles: 5,
  slice: true,
};

describe('the results of the deep tests', () => {
  const [head = ''] = formatMarkdown([]).split('\n');
  const days = readdirSync(join(TOP, RESULTS)).filter((name) => name !== 'README.md');

  test('are kept by day, each with notes, and the index leads to all of them', () => {
    expect(days.length).toBeGreaterThan(0);
    for (const day of days) {
      expect(day).toMatch(/^\d{4}-\d\d-\d\d$/);
      expect(read(`${RESULTS}/README.md`)).toContain(`](${day}/README.md)`);
      expect(existsSync(join(TOP, RESULTS, day, 'README.md'))).toBe(true);
    }
  });

  test('are pages of parts, with a table as the runner writes it', () => {
    const parts = readdirSync(join(TOP, 'test/deep/parts'));
    const pages = days.flatMap((day) => readdirSync(join(TOP, RESULTS, day)).map((name) => `${day}/${name}`));
    const written = pages.filter((name) => !name.endsWith('/README.md'));
    expect(written.length).toBeGreaterThan(10);
    for (const page of written) {
      expect(parts).toContain(page.replace(/^.*\//, '').replace('.md', '.mjs'));
      expect(read(`${RESULTS}/${page}`), page).toContain(`\n${head}\n`);
    }
  });
});

describe('the runner of the deep tests', () => {
  test('writes a page for a part that ran', () => {
    const directory = tempDir();
    const path = writeResults(directory, { ...RUN, rows: [{ ...ROW, result: 'reclaimed', status: 'ok' }] });
    expect(path).toBe(join(directory, '2026-11-23', 'runc.md'));
    const page = readFileSync(path ?? '', 'utf8');
    expect(page).toMatch(
      /^# runc\n\nThis part: what starts containers\.\n\n2026-11-23: 5 cycles of the slice, 17 s, on Linux /,
    );
    expect(page).toContain('| runc | killed mid-hold | 5 | reclaimed | 3.40 | 11.0 | 0 | 0 |\n');
    expect(page).toMatch(/\n1 passed, 0 failed, 0 skipped\.\n$/);
  });

  test('writes none for a part that was skipped', () => {
    const directory = tempDir();
    expect(
      writeResults(directory, { ...RUN, rows: [{ ...ROW, result: 'no runc', status: 'skipped' }] }),
    ).toBe(null);
    expect(readdirSync(directory)).toEqual([]);
  });
});
