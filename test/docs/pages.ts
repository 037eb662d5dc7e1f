import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as etcd from '../../src/etcd.js';
import * as api from '../../src/index.js';
import * as testing from '../../src/testing.js';

export const TOP = fileURLToPath(new URL('../../', import.meta.url));

export interface Page {
  /** The path from the top of the repository. */
  readonly name: string;
  readonly text: string;
}

export interface Block {
  readonly page: string;
  /** Number of the line with the opening fence. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
  /** Why it must not be run, as the comment above it says; null when it is run. */
  readonly notRun: string | null;
}

/** The text of a file, by its path from the top of the repository. */
export function read(name: string): string {
  return readFileSync(join(TOP, name), 'utf8');
}

/** Every page for users of the package. */
export function allPages(): Page[] {
  const top = readdirSync(TOP).filter((name) => name.endsWith('.md'));
  const pages = [
    ...top.map((name) => ({ name, text: read(name) })),
    ...['docs', 'examples', 'prebuilds'].flatMap(pagesUnder),
  ];
  return pages.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The pages in a folder and in those below it. */
export function pagesUnder(folder: string): Page[] {
  return readdirSync(join(TOP, folder), { withFileTypes: true, recursive: true })
    .filter(({ name }) => name.endsWith('.md'))
    .map((entry) => relative(TOP, join(entry.parentPath, entry.name)))
    .map((name) => ({ name, text: read(name) }));
}

/** The fenced code blocks of a page. */
export function blocksOf({ name, text }: Page): Block[] {
  const blocks: Block[] = [];
  const lines = text.split('\n');
  for (let start = 0; start < lines.length; start++) {
    const language = /^```(\w*)/.exec(lines[start] as string)?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf('```', start + 1);
    if (end < 0) throw new Error(`${name}:${start + 1}: a code block without an end`);
    const above = lines.slice(0, start).findLast((line) => line.trim() !== '') ?? '';
    const notRun = /^<!-- not run: (.+) -->$/.exec(above)?.[1] ?? null;
    const code = lines.slice(start + 1, end).join('\n');
    blocks.push({ page: name, line: start + 1, language, code, notRun });
    start = end;
  }
  return blocks;
}

/** A page without its code blocks. */
export function proseOf({ text }: Page): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '');
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(page: Page): string[] {
  return [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** The examples in the doc comments of the published types, as blocks that a reader would paste. */
export function docExamples(): Block[] {
  const files = readdirSync(join(TOP, 'dist'), { recursive: true, encoding: 'utf8' });
  return files.filter((name) => name.endsWith('.d.cts')).flatMap((name) => examplesIn(`dist/${name}`));
}

function examplesIn(page: string): Block[] {
  const text = read(page);
  return [...text.matchAll(/^ *\* @example\n((?: *\* (?!@).*\n)+)/gm)].map(({ 1: lines = '', index }) => {
    const example = lines.replace(/^ *\* /gm, '');
    const imports = [
      importOf(example, PUBLIC_FUNCTIONS, 'kernel-identity'),
      importOf(example, TESTING_FUNCTIONS, 'kernel-identity/testing'),
      importOf(example, ETCD_FUNCTIONS, 'kernel-identity/etcd'),
    ];
    const code = `${imports.join('')}\n${example}`;
    return { page, line: text.slice(0, index).split('\n').length, language: 'js', code, notRun: null };
  });
}

function importOf(example: string, functions: readonly string[], from: string): string {
  const used = functions.filter((name) => example.includes(`${name}(`));
  return used.length === 0 ? '' : `import { ${used.join(', ')} } from '${from}';\n`;
}

/** The functions that the package exports, those that it exports for tests, and those for etcd. */
export const PUBLIC_FUNCTIONS = functionsOf(api);
export const TESTING_FUNCTIONS = functionsOf(testing);
export const ETCD_FUNCTIONS = functionsOf(etcd);

function functionsOf(module: object): string[] {
  return Object.entries(module)
    .filter(([name, value]) => typeof value === 'function' && /^[a-z]/.test(name))
    .map(([name]) => name);
}
