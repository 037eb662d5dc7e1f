import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
// @ts-expect-error a script in plain JavaScript
import { addressOf, withAbsoluteLinks } from '../../scripts/pack-readme.mjs';
import { tempDir } from '../helpers/temp-dir.js';
import { read, TOP } from './pages.js';

const ADDRESS = 'https://example.org/owner/name';
const readme = read('README.md');

/** What a page links to and shows. */
function targetsOf(text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)|\bsrc(?:set)?="([^"]+)"/g)].map(
    ([, link, picture]) => link ?? picture ?? '',
  );
}

test('the README of the package leads to the pages of the repository', () => {
  const targets = targetsOf(withAbsoluteLinks(readme, ADDRESS, '1.2.3')) as string[];
  expect(targets.length).toBe(targetsOf(readme).length);
  for (const target of targets) {
    const [, kind, path = ''] =
      /^https:\/\/example\.org\/owner\/name\/(blob|raw)\/v1\.2\.3\/([^#]+)/.exec(target) ?? [];
    expect(kind, target).toBe(path.endsWith('.svg') ? 'raw' : 'blob');
    expect(existsSync(join(TOP, path)), path).toBe(true);
  }
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

test('the README of the working tree is the same after packing, whether or not an address is known', () => {
  for (const repository of [undefined, { url: `${ADDRESS}.git` }]) {
    const folder = tempDir();
    mkdirSync(join(folder, 'scripts'));
    cpSync(join(TOP, 'scripts/pack-readme.mjs'), join(folder, 'scripts/pack-readme.mjs'));
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ version: '1.2.3', type: 'module', repository }),
    );
    writeFileSync(join(folder, 'README.md'), readme);
    const run = (step: string) =>
      execFileSync(process.execPath, ['scripts/pack-readme.mjs', step], { cwd: folder });
    run('prepack');
    expect(readFileSync(join(folder, 'README.md'), 'utf8') === readme).toBe(repository === undefined);
    run('postpack');
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toBe(readme);
  }
});

test('nothing is published while no address is set', () => {
  const folder = tempDir();
  mkdirSync(join(folder, 'scripts'));
  cpSync(join(TOP, 'scripts/pack-readme.mjs'), join(folder, 'scripts/pack-readme.mjs'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ version: '1.2.3', type: 'module' }));
  const env = { ...process.env, npm_command: 'publish' };
  expect(() =>
    execFileSync(process.execPath, ['scripts/pack-readme.mjs', 'prepack'], {
      cwd: folder,
      env,
      stdio: 'pipe',
    }),
  ).toThrow(/no `repository`/);
});
