import { expect, test } from 'vitest';
// @ts-expect-error a script in plain JavaScript
import * as scratch from '../../bench/harness/scratch.mjs';
// @ts-expect-error a script in plain JavaScript
import * as footprint from '../../bench/parts/footprint.mjs';
import { hasBackend } from '../helpers/backends.js';
import { describeRequiring, isBuilt } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

type Growth = Readonly<Record<'count' | 'descriptors' | 'threads' | 'heap' | 'rss', number>>;

describeRequiring([isBuilt(), hasBackend('native')], 'work that is over', () => {
  test('leaves no descriptor, no thread and no memory behind', async () => {
    const growths: Record<string, Growth> = await footprint.soak(tempDir(scratch.defaultParent()));
    expect(Object.keys(growths).length).toBeGreaterThan(4);
    for (const [work, { count, ...growth }] of Object.entries(growths)) {
      expect(count, work).toBeGreaterThanOrEqual(10_000);
      for (const [what, more] of Object.entries(growth)) {
        expect(more, `${what} after ${work}`).toBeLessThanOrEqual(footprint.TOLERANCE[what]);
      }
    }
  }, 120_000);
});
