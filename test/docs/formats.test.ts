import { describe, expect, test } from 'vitest';
import { STRANGERS_FORMATS } from '../../src/formats/format.js';
import { isLockName } from '../../src/formats/names.js';
import { KNOWN_FORMATS } from '../../src/formats/table.js';
import { read } from './pages.js';

/** The cells of the rows of the table, without the heading. */
const ROWS = [...read('docs/formats.md').matchAll(/^\| `([^`]+)` \| (.*) \|$/gm)].map(([, format, rest]) => {
  const [files, , , removed] = (rest as string).split(' | ');
  return { format: format as string, files: files as string, removed };
});

describe('docs/formats.md', () => {
  test('has a row for each format of the code, and no other', () => {
    const expected = [...STRANGERS_FORMATS].sort();
    expect(ROWS.map(({ format }) => format)).toEqual(expected);
    expect([...new Set(KNOWN_FORMATS.map(({ name }) => name))].sort()).toEqual(expected);
  });

  test.each(ROWS)('$format: names files that the code looks for, and when they are removed', (row) => {
    const { format, files, removed } = row;
    const known = KNOWN_FORMATS.find(({ name }) => name === format);
    expect(removed).toBe(known?.deletion);
    // The last path in backticks behind each colon or comma is a name; `.next/dev` and `/` lead to it.
    const names = [...files.matchAll(/`([^`/]+)`/g)].map(([, name]) => name as string);
    const shown = names.filter((name) => isLockName(name));
    expect(shown.length).toBeGreaterThan(0);
    for (const name of shown) expect({ name, looked: known?.names(name) }).toEqual({ name, looked: true });
  });

  test('names files that name nobody, which a search reads all the same', () => {
    const [, section = ''] = read('docs/formats.md').split('## What names nobody');
    const names = ['.parentlock', 'db.lck', 'index.lock', 'yarn.lock', '.terraform.tfstate.lock.info'];
    for (const name of names) {
      expect(section).toContain(`\`${name}\``);
      expect({ name, found: isLockName(name) }).toEqual({ name, found: true });
    }
  });

  test('is what the list of formats in the JSON schema follows', () => {
    const schema = JSON.parse(read('docs/dump.schema.json'));
    const listed: string[] = schema.$defs.format.enum;
    expect(listed.toSorted()).toEqual(
      ['kernel-identity', 'openclaw-directory', 'none', ...STRANGERS_FORMATS].toSorted(),
    );
    for (const own of ['kernel-identity', 'openclaw-directory', 'none'])
      expect(read('docs/cli.md')).toContain(`| \`${own}\` |`);
  });
});
