import { describe, expect, test } from 'vitest';
// @ts-expect-error a script in plain JavaScript
import * as render from '../../bench/render.mjs';
import { read } from '../docs/pages.js';

describe('the published result of the benchmark', () => {
  const result = JSON.parse(read('bench/results/latest.json'));
  const files: Record<string, string> = render.rendered(result);

  test('is what docs/performance.md and the charts show: npm run bench:docs', () => {
    expect(Object.keys(files)).toContain('docs/performance.md');
    expect(Object.keys(files).filter((name) => name.endsWith('.svg'))).toHaveLength(4);
    for (const [name, text] of Object.entries(files)) expect(read(name) === text, name).toBe(true);
  });

  test('is of a whole run, with every other package installed', () => {
    expect(result.rows.filter(({ missing }: { missing?: string }) => missing !== undefined)).toEqual([]);
    expect(result.bars.filter(({ met }: { met: boolean | null }) => met === null)).toEqual([]);
  });

  test('is shown in README.md, for light and dark pages', () => {
    for (const theme of ['light', 'dark'])
      expect(read('README.md')).toContain(`docs/images/speed-${theme}.svg`);
  });
});
