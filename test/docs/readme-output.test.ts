import { hostname } from 'node:os';
import { stripVTControlCharacters } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
// @ts-expect-error a script in plain JavaScript
import * as readmeOutput from '../../scripts/readme-output.mjs';
import { hasBackend } from '../helpers/backends.js';
import { describeRequiring, hasProgram, isBuilt, testRequiring } from '../helpers/requirements.js';
import { read } from './pages.js';

const readme = read('README.md');

/** The output that a page shows under this name. */
function shown(name: string, page = readme): string {
  const [, text] = new RegExp(`<!-- output: ${name} -->\n\`\`\`\\w*\n([^]*?)\n\`\`\`\n`).exec(page) ?? [];
  if (text === undefined) throw new Error(`the page has no output ${name}`);
  return text;
}

/** The text of the picture, whose lines have an element each. */
function drawn(): string {
  const lines = [...read(readmeOutput.PICTURE).matchAll(/<text [^>]*>(.*)<\/text>/g)].map(
    ([, line = '']) => line,
  );
  const text = lines.map((line) => line.replaceAll(/<[^>]*>/g, '')).join('\n');
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

/** The parts of an output that each run repeats: commands and headings in full, labels, and findings. */
function outline(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    if (/^\S/.test(line)) return [line.replace(/\d+/g, '#')];
    const [, label, value = ''] = /^ {2}(\S.*?)(?: {2,}(.*))?$/.exec(line) ?? [];
    if (label === undefined) return [];
    const [finding = ''] = /^(-|alive|dead|finding)(?= |$)/.exec(value) ?? [];
    return [`${label} ${finding}`.trim()];
  });
}

function masked(text: string): string {
  return text
    .replaceAll(hostname(), 'HOST')
    .replaceAll(/\d+(\.\d+)?( ?m?s\b)?/g, '#')
    .replaceAll(/\b(host|on) \w+/g, '$1 HOST');
}

describeRequiring([isBuilt(), hasBackend('native')], 'the output shown in README.md', () => {
  let real: Record<string, string> = {};

  beforeAll(async () => {
    real = await readmeOutput.scenes();
  }, 60_000);

  for (const name of ['held', 'dump']) {
    test(`of ${name} is what the program prints: node scripts/readme-output.mjs --write`, () => {
      expect(outline(shown(name))).toEqual(outline(real[name] as string));
    });
  }

  test('of a stuck lock is what the picture shows: node scripts/readme-output.mjs --write', () => {
    expect(outline(drawn())).toEqual(outline(stripVTControlCharacters(real.stale as string)));
    expect(readme).toContain(`(${readmeOutput.PICTURE})`);
  });

  test('of a timeout is what the program prints: node scripts/readme-output.mjs --write', () => {
    expect(masked(shown('timeout'))).toBe(masked(real.timeout as string));
    expect(shown('timeout')).toMatch(/\n75$/);
  });

  test('is all of the output there is', () => {
    const names = [...readme.matchAll(/<!-- output: (\w+) -->/g)].map(([, name]) => name);
    expect([...names, 'stale'].sort()).toEqual(Object.keys(real).sort());
  });

  test('leaves the README short', () => {
    expect(readme.split('\n').length).toBeLessThanOrEqual(175);
  });
});

testRequiring(
  [isBuilt(), hasBackend('native'), hasProgram('script')],
  'the live screen shown in docs/cli.md is what the program draws: node scripts/readme-output.mjs --write',
  async () => {
    // Columns grow with the numbers in them, and on a busy machine the age of the lock is shown in seconds.
    const inOneWidth = (text: string) =>
      masked(text).replaceAll(/#:#:#/g, '#').replaceAll('#ms', '#s').replaceAll(/ +/g, ' ');
    const real: string = await readmeOutput.watchScreen();
    expect(inOneWidth(shown('watch', read('docs/cli.md')))).toBe(inOneWidth(real));
  },
);
