import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { describeRequiring, isBuilt } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

const BENCH = new URL('../../bench/bench.mjs', import.meta.url).pathname;
/** These parts take no longer than a test may. */
const PARTS = ['poll', 'judge', 'compare', 'inspect', 'acquire'];

interface Row {
  readonly group: string;
  readonly name: string;
  readonly unit: string;
  readonly p50: number | null;
  readonly p99: number | null;
  readonly ratio: number | null;
  readonly floor: number | null;
  readonly samples: number;
  readonly missing?: string;
}

interface Bar {
  readonly bar: string;
  readonly measured: string;
  readonly met: boolean | null;
}

interface Result {
  readonly machine: Record<string, unknown>;
  readonly rows: readonly Row[];
  readonly bars: readonly Bar[];
}

describeRequiring([isBuilt()], 'npm run bench -- --quick --json FILE', () => {
  let result: Result;
  let printed = '';

  beforeAll(async () => {
    const file = join(tempDir(), 'result.json');
    const run = [BENCH, '--quick', '--only', PARTS.join(','), '--json', file];
    ({ stdout: printed } = await promisify(execFile)(process.execPath, run));
    result = JSON.parse(readFileSync(file, 'utf8'));
  }, 120_000);

  test('says what machine it was', () => {
    expect(result.machine).toMatchObject({
      cpu: expect.any(String),
      cores: expect.any(Number),
      kernel: expect.any(String),
      node: process.version,
      filesystem: expect.any(String),
      loads: Object.fromEntries(PARTS.map((part) => [part, expect.any(Number)])),
    });
  });

  test('has for every row two times that are in order, or the reason why not', () => {
    expect(result.rows.length).toBeGreaterThan(25);
    for (const { missing, ...row } of result.rows) {
      expect(row).toMatchObject({
        part: expect.any(String),
        group: expect.any(String),
        name: expect.any(String),
        unit: expect.any(String),
        samples: expect.any(Number),
      });
      if (missing !== undefined) expect(row.p50, row.name).toBeNull();
      else if (row.unit === 'ns') {
        expect(row.p99, row.name).toBeGreaterThanOrEqual(row.p50 as number);
        // A watch may learn of a death before the process with which it is compared.
        if (row.group.startsWith('a death')) continue;
        expect(row.p50, row.name).toBeGreaterThan(0);
        expect(row.ratio, row.name).toBeGreaterThan(0);
      }
    }
  });

  test('compares each group with a row of ours, and with C where there is a compiler', () => {
    for (const group of new Set(result.rows.map((row) => row.group))) {
      const rows = result.rows.filter((row) => row.group === group);
      // The rows of a group may all need a compiler.
      if (rows.every(({ missing }) => missing === 'no compiler')) continue;
      expect(
        rows.map(({ ratio }) => ratio),
        group,
      ).toContain(1);
    }
    const inC = result.rows.filter(({ name }) => name.endsWith('in C'));
    expect(inC.length).toBeGreaterThan(4);
    for (const { missing, floor, name } of inC) {
      expect(missing === 'no compiler' || (floor ?? 0) > 0, name).toBe(true);
    }
  });

  test('says of every bar what was measured and whether it is met', () => {
    expect(result.bars.length).toBeGreaterThan(10);
    for (const { bar, measured, met } of result.bars) {
      expect([true, false, null], bar).toContain(met);
      expect(measured, bar).not.toBe('');
    }
  });

  test('prints every row and every bar, in 100 columns', () => {
    for (const { name } of result.rows) expect(printed).toContain(name);
    for (const { bar } of result.bars) expect(printed).toContain(bar);
    expect(printed.split('\n').filter((line) => line.length > 100)).toEqual([]);
  });
});
