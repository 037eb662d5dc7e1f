import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
// @ts-expect-error a script in plain JavaScript
import { addressOf, withAbsoluteLinks } from '../../scripts/release/pack-pages.mjs';
import { read, TOP } from '../docs/pages.js';
import { tempDir } from '../helpers/temp-dir.js';

const ADDRESS = 'https://example.org/owner/name';
const PAGES = ['README.md', 'CHANGELOG.md', 'SECURITY.md'];
const SCRIPT = 'scripts/release/pack-pages.mjs';

/** What a page links to and shows. */
function targetsOf(text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)|\bsrc(?:set)?="([^"]+)"/g)].map(
    ([, link, picture]) => link ?? picture ?? '',
  );
}

test.each(PAGES)('%s of the package leads to the pages of the repository', (name) => {
  const page = read(name);
  const targets = targetsOf(withAbsoluteLinks(page, ADDRESS, '1.2.3')) as string[];
  expect(targets.length).toBe(targetsOf(page).length);
  for (const target of targets.filter((one) => !targetsOf(page).includes(one))) {
    const [, kind, path = ''] =
      /^https:\/\/example\.org\/owner\/name\/(blob|raw)\/v1\.2\.3\/([^#]+)/.exec(target) ?? [];
    expect(kind, target).toBe(path.endsWith('.svg') ? 'raw' : 'blob');
    expect(existsSync(join(TOP, path)), path).toBe(true);
  }
  expect(targets.filter((target) => !/^(#|https:)/.test(target))).toEqual([]);
});

test('what leads to another place, or to a heading of the page itself, stays as it is', () => {
  const text = '[a](https://nodejs.org/) [b](#what-it-says) <img src="https://example.org/x.svg">';
  expect(withAbsoluteLinks(text, ADDRESS, '1.2.3')).toBe(text);
});

test('the address of the repository is that of its pages', () => {
  expect(addressOf({ repository: { url: `git+${ADDRESS}.git` } })).toBe(ADDRESS);
  expect(addressOf({ repository: ADDRESS })).toBe(ADDRESS);
  expect(addressOf({})).toBe(null);
});

/** Makes a project with the pages and the script. */
function projectWith(repository?: unknown): string {
  const folder = tempDir();
  mkdirSync(join(folder, 'scripts/release'), { recursive: true });
  cpSync(join(TOP, SCRIPT), join(folder, SCRIPT));
  const manifest = { version: '1.2.3', type: 'module', repository };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  for (const name of PAGES) cpSync(join(TOP, name), join(folder, name));
  return folder;
}

test('the pages of the working tree are the same after packing, whether or not an address is known', () => {
  for (const repository of [undefined, { url: `${ADDRESS}.git` }]) {
    const folder = projectWith(repository);
    const run = (step: string) => execFileSync(process.execPath, [SCRIPT, step], { cwd: folder });
    const same = () => PAGES.map((name) => readFileSync(join(folder, name), 'utf8') === read(name));
    run('prepack');
    expect(same()).toEqual(PAGES.map(() => repository === undefined));
    run('postpack');
    expect(same()).toEqual(PAGES.map(() => true));
  }
});

test('nothing is published while no address is set', () => {
  const env = { ...process.env, npm_command: 'publish' };
  expect(() =>
    execFileSync(process.execPath, [SCRIPT, 'prepack'], { cwd: projectWith(), env, stdio: 'pipe' }),
  ).toThrow(/no `repository`/);
});
