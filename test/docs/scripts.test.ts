import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { allPages, type Page, read, TOP } from './pages.js';

const WORKFLOWS = readdirSync(join(TOP, '.github/workflows')).map((name) => `.github/workflows/${name}`);
const READMES = ['test/deep/README.md', 'test/package/README.md'];
const PLACES: readonly Page[] = [
  ...allPages(),
  ...['.ci/run', ...WORKFLOWS, ...READMES].map((name) => ({ name, text: read(name) })),
];

const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

/** The scripts and files that a text tells the reader to run, and that do not exist. */
function missingFrom(text: string): string[] {
  const named = [...text.matchAll(/npm run (?:-\S+ )*([\w:-]+)/g)].map(([, script = '']) => script);
  const files = [...text.matchAll(/(?<![\w/.-])((?:test|scripts|bench)\/[\w/.-]+\.(?:mjs|ts|sh))\b/g)];
  return [
    ...named.filter((script) => !(script in scripts)).map((script) => `npm run ${script}`),
    ...files.map(([, file = '']) => file).filter((file) => !existsSync(join(TOP, file))),
  ];
}

describe('what is to be run, in pages and workflows', () => {
  for (const { name, text } of PLACES) {
    test(`${name}: the scripts it names are there`, () => {
      expect(missingFrom(text)).toEqual([]);
    });
  }

  test('is seen when it is not there', () => {
    const text = '`npm run --silent nonsense`, npm run build:ts, node test/none.mjs, bench/bench.mjs';
    expect(missingFrom(text)).toEqual(['npm run nonsense', 'test/none.mjs']);
  });
});

test("no page and no message advises a command that npx would fetch by its name, which may be anybody's", () => {
  const sources = readdirSync(join(TOP, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({ name, text: read(`src/${name}`) }));
  const fetched = /\b(npx|npm exec|bunx|pnpm dlx)( --?yes| -y)? kernel-identity\b/;
  const places = PLACES.filter(({ name }) => name !== 'CHANGELOG.md');
  expect([...places, ...sources].filter(({ text }) => fetched.test(text)).map(({ name }) => name)).toEqual(
    [],
  );
});
