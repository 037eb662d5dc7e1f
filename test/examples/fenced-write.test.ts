import { join } from 'node:path';
import { expect, test } from 'vitest';
// @ts-expect-error an example is plain JavaScript
import { write } from '../../examples/fenced-write.mjs';
import { read } from '../docs/pages.js';
import { hasProgram, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

interface Database {
  exec(sql: string): void;
  prepare(sql: string): { run(...values: unknown[]): unknown; get(...values: unknown[]): unknown };
}

/** A database with one job in it. */
async function database(): Promise<Database> {
  // @ts-expect-error plain JavaScript
  const { DatabaseSync } = await import('./rows/sqlite.mjs');
  const made: Database = new DatabaseSync(join(tempDir(), 'jobs'));
  made.exec('CREATE TABLE job (id INTEGER PRIMARY KEY, result TEXT, token INTEGER NOT NULL)');
  made.prepare('INSERT INTO job VALUES (?, ?, ?)').run(1, 'none', 0);
  return made;
}

testRequiring(
  [hasProgram('python3')],
  'stale writes of a dead owner are refused, and land without the guard',
  async () => {
    const own = await database();
    const result = () => own.prepare('SELECT result FROM job WHERE id = ?').get(1);
    const [dead, successor] = ['9007199254740993', '9007199254740995'];
    write(own, { id: 1, result: 'of the first' }, dead);
    write(own, { id: 1, result: 'of the second' }, successor);
    let landed = 0;
    for (let late = 0; late < 50; late += 1) {
      try {
        write(own, { id: 1, result: `late ${late}` }, dead);
        landed += 1;
      } catch (error) {
        expect((error as Error).message).toContain('is too old');
      }
    }
    expect([landed, result()]).toEqual([0, { result: 'of the second' }]);
    write(own, { id: 1, result: 'of the second again' }, successor);
    expect(result()).toEqual({ result: 'of the second again' });
    // An owner whose row is missing is not told that another one has written.
    expect(() => write(own, { id: 2, result: 'of nobody' }, successor)).toThrow(
      /too old, or there is no job 2$/,
    );
    // Without the guard the same write lands.
    own.prepare('UPDATE job SET result = ?, token = ? WHERE id = ?').run('late', dead, 1);
    expect(result()).toEqual({ result: 'late' });
  },
);

test('the page shows the example as it is', () => {
  const code = read('examples/fenced-write.mjs')
    .split('\n')
    .filter((line) => !/^(\/\/|\/?\s*\*|\/\*\*)/.test(line.trim()));
  expect(read('docs/across-machines.md')).toContain(code.join('\n').trim());
});
