import { existsSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { allPages, anchorsOf, type Page, pagesUnder, proseOf, read, TOP } from './pages.js';

const PAGES = [...allPages(), ...pagesUnder('test/deep'), ...pagesUnder('test/package')];

function linksOf(page: Page): string[] {
  return [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target as string);
}

/** What is wrong with a link; null when nothing is. */
function problemOf(page: Page, link: string): string | null {
  if (/^[a-z]+:/.test(link)) return link.startsWith('https://') ? null : 'not https';
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page.name : normalize(join(dirname(page.name), path));
  if (target.startsWith('..')) return 'leads out of the repository';
  if (!existsSync(join(TOP, target))) return 'leads nowhere';
  if (anchor === undefined) return null;
  if (!target.endsWith('.md')) return 'an anchor in a file that is no page';
  return anchorsOf({ name: target, text: read(target) }).includes(anchor) ? null : 'no such heading';
}

function lastLineOf({ text }: Page): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

function withoutLastLine(page: Page): string {
  return page.text.slice(0, page.text.lastIndexOf(lastLineOf(page)));
}

/** A link to a page of docs/, named by its heading. */
function linkTo(name = ''): string {
  const [, heading = ''] = /^# (.+)$/m.exec(read(`docs/${name}`)) ?? [];
  return `[${heading}](${name})`;
}

describe('the documentation', () => {
  for (const page of PAGES) {
    test(`${page.name}: its links lead somewhere`, () => {
      const broken = linksOf(page).map((link) => [link, problemOf(page, link)]);
      expect(broken.filter(([, problem]) => problem !== null)).toEqual([]);
    });

    test(`${page.name}: the files it names are there`, () => {
      const named = [
        ...proseOf(page).matchAll(/`((?:src|docs|examples|native|test|bench|scripts)\/[\w./-]+)`/g),
      ];
      const missing = named.map(([, path = '']) => path).filter((path) => !existsSync(join(TOP, path)));
      expect(missing).toEqual([]);
    });
  }

  test('has an index that leads to every page of docs/', () => {
    const index = PAGES.find(({ name }) => name === 'docs/README.md') as Page;
    const linked = linksOf(index).map((link) => normalize(join('docs', link)));
    const pages = PAGES.map(({ name }) => name).filter((name) => /^docs\/(?!README)/.test(name));
    expect(pages.filter((name) => !linked.includes(name))).toEqual([]);
    for (const name of linked) expect(statSync(join(TOP, name)).isFile(), name).toBe(true);
  });

  test('ends each page of docs/ with the way to the previous and the next one, in the order of the index', () => {
    const index = PAGES.find(({ name }) => name === 'docs/README.md') as Page;
    const order = [...new Set(linksOf({ ...index, text: withoutLastLine(index) }))].filter((link) =>
      /^[\w-]+\.md$/.test(link),
    );
    expect(lastLineOf(index)).toBe(`${linkTo(order[0])} →`);
    for (const [i, name] of order.entries()) {
      const previous = i === 0 ? [] : [`← ${linkTo(order[i - 1])}`];
      const next = i === order.length - 1 ? [] : [`${linkTo(order[i + 1])} →`];
      const way = [...previous, '[Documentation](README.md)', ...next].join(' · ');
      expect(lastLineOf({ name, text: read(`docs/${name}`) }), name).toBe(way);
    }
  });

  test('begins each page with one heading', () => {
    for (const { name, text } of PAGES) expect(text, name).toMatch(/^# \S/);
  });
});

describe('the link check', () => {
  const page: Page = { name: 'docs/api.md', text: '# A `b`, c!\n[x](y.md)\n```\n[in](code.md)\n```\n' };

  test('sees broken links, and none in code', () => {
    expect(linksOf(page)).toEqual(['y.md']);
    expect(problemOf(page, 'y.md')).toBe('leads nowhere');
    expect(problemOf(page, '../../x')).toBe('leads out of the repository');
    expect(problemOf(page, '../README.md#no-such')).toBe('no such heading');
    expect(problemOf(page, 'http://example.org')).toBe('not https');
    expect(problemOf(page, '../README.md#kernel-identity')).toBe(null);
  });

  test('knows how headings become anchors', () => {
    expect(anchorsOf(page)).toEqual(['a-b-c']);
  });
});
