import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { acquireLockSync, CHANNELS, dumpDiagnostics, inspectLockSync, judgeOwner } from '../../src/index.js';
import { NOBODY } from '../helpers/locks.js';
import { tempDir } from '../helpers/temp-dir.js';
import { commands, optionsOf } from './commands.js';
import { blocksOf, read, TOP } from './pages.js';

/** Everything in backticks. */
function codeIn(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code as string);
}

/** Mentioned in backticks, as a word. */
function mentions(text: string, word: string): boolean {
  const pattern = new RegExp(`(^|[^\\w-])${word}($|[^\\w-])`);
  return codeIn(text).some((code) => pattern.test(code));
}

describe('docs/reason-codes.md', () => {
  const [, union = ''] = /export type Reason =([\s\S]*?);/.exec(read('src/judge/verdict.ts')) ?? [];
  const reasons = [...union.matchAll(/'([a-z-]+)'/g)].map(([, reason]) => reason as string);
  const rows = read('docs/reason-codes.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'));

  test('explains every reason, and no other', () => {
    const explained = rows.flatMap((row) => codeIn(row.split('|')[1] as string));
    expect(reasons.length).toBeGreaterThan(30);
    expect([...explained].sort()).toEqual([...reasons].sort());
  });

  test('says of each what it means and what to do', () => {
    for (const row of rows) {
      const cells = row.split('|').map((cell) => cell.trim());
      expect(cells, row).toHaveLength(6);
      expect(
        cells.slice(1, 5).every((cell) => cell !== ''),
        row,
      ).toBe(true);
    }
  });

  test('gives the state that the judge gives', () => {
    for (const options of [{}, { legacy: 'unknown' }] as const) {
      const { state, reason } = judgeOwner({ pid: NOBODY } as never, options);
      const row = rows.find((line) => line.includes(`\`${reason}\``));
      expect(row?.split('|')[2]?.trim()).toBe(state);
    }
  });
});

describe('docs/read-a-verdict.md', () => {
  test('has every check of the judge', () => {
    const sources = ['src/judge', 'src/formats'].flatMap((folder) =>
      readdirSync(join(TOP, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => read(join(folder, name))),
    );
    const checks = sources.flatMap((text) =>
      [...text.matchAll(/(?:\bnote\([\w.]+, |\bcheck: )'([a-z-]+)'/g)].map(([, check]) => check as string),
    );
    expect(checks).toContain('shared-memory');
    expect(new Set(checks).size).toBeGreaterThan(15);
    const page = read('docs/read-a-verdict.md');
    for (const check of checks) expect(page).toMatch(new RegExp(`^\\|.*\`${check}\`.* \\|`, 'm'));
  });
});

describe('docs/decision-table.md', () => {
  test('leads to every reason of the table and of the legacy rules, and to no other', () => {
    const page = read('docs/decision-table.md');
    const shown = codeIn(page).filter((code) => /^[a-z]+(-[a-z]+)*$/.test(code));
    const strangers = readdirSync(join(TOP, 'src/judge/strangers')).map((name) => `strangers/${name}`);
    const rows = ['table', 'process-rows', 'holder-rows', 'place'].map((name) => `${name}.ts`);
    const used = [...rows, ...strangers].flatMap((file) =>
      [...read(`src/judge/${file}`).matchAll(/'([a-z]+(?:-[a-z]+)+)'/g)].map(([, word]) => word as string),
    );
    const [, union = ''] = /export type Reason =([\s\S]*?);/.exec(read('src/judge/verdict.ts')) ?? [];
    const reasons = [...union.matchAll(/'([a-z-]+)'/g)].map(([, reason]) => reason as string);
    for (const reason of reasons.filter((one) => used.includes(one))) expect(shown).toContain(reason);
    expect(shown.filter((word) => !reasons.includes(word) && !['assumed', 'legacy'].includes(word))).toEqual(
      [],
    );
  });
});

describe('docs/api.md', () => {
  const page = read('docs/api.md');
  const exported = [...read('src/index.ts').matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap(
    ([, names = '']) =>
      names
        .split(',')
        .map((name) => name.replace(/\btype\b/, '').trim())
        .filter((name) => name !== ''),
  );

  test('has every exported name', () => {
    expect(exported.length).toBeGreaterThan(50);
    expect(exported.filter((name) => !mentions(page, name))).toEqual([]);
  });

  test('has every field of what is exported', () => {
    const sources = readdirSync(join(TOP, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => read(join('src', name)))
      .join('\n');
    const interfaces = [...sources.matchAll(/^export interface (\w+)[^{]*\{\n([\s\S]*?)^\}/gm)].filter(
      ([, name = '']) => exported.includes(name),
    );
    expect(interfaces.length).toBeGreaterThan(15);
    for (const [, name, body = ''] of interfaces) {
      const fields = [...body.matchAll(/^ {2}(?:readonly )?'?([\w:-]+)'?\??[:(]/gm)].map(
        ([, field]) => field as string,
      );
      expect(fields.length, name).toBeGreaterThan(0);
      for (const field of fields) expect(mentions(page, field), `${name}.${field}`).toBe(true);
    }
  });

  test('has every channel', () => {
    for (const [key, name] of Object.entries(CHANNELS)) {
      expect(page).toContain(`| \`${key}\` | \`${name}\` |`);
    }
  });

  test('has every option of an acquisition', () => {
    const [, body = ''] =
      /export interface AcquireOptions[^{]*\{([\s\S]*?)\n\}/.exec(read('src/lock/options.ts')) ?? [];
    const options = [...body.matchAll(/readonly (\w+)\?:/g)].map(([, name]) => name as string);
    expect(options).toContain('timeout');
    const [, section = ''] = /### `acquireLock\(([\s\S]*?)\n### /.exec(page) ?? [];
    for (const option of options) expect(section).toContain(`| \`${option}\` |`);
    for (const option of [
      'ownerlessGrace',
      'legacy',
      'clockSlack',
      'trustBootId',
      'sameHost',
      'lock',
      'path',
    ]) {
      expect(page).toContain(`| \`${option}\` |`);
    }
  });

  test('has every error code', () => {
    const codes = read('src/errors.ts').match(/\bERR_\w+(?=')/g) ?? [];
    expect(codes.length).toBeGreaterThan(4);
    for (const code of [...codes, 'ERR_LOCK_TIMEOUT']) expect(mentions(page, code), code).toBe(true);
  });

  test('has every field of the dump', () => {
    for (const field of Object.keys(dumpDiagnostics())) expect(mentions(page, field), field).toBe(true);
  });
});

describe('docs/cli.md and the man page', () => {
  const cli = read('docs/cli.md');
  const man = read('man/kernel-identity.1').replaceAll('\\-', '-');
  const [judging = ''] = /^### Judging$[\s\S]*?(?=^## )/m.exec(cli) ?? [];
  const [, manOptions = ''] = /^\.SH OPTIONS$([\s\S]*?)^\.SH /m.exec(man) ?? [];

  test('have every command and every option', async () => {
    for (const { name, help } of await commands()) {
      const own = new RegExp(`^## .*\\b${name}\\b[\\s\\S]*?(?=^## )`, 'm').exec(`${cli}\n## `)?.[0] ?? '';
      expect(own, name).toContain(`kernel-identity ${name}`);
      // Three commands judge by the same options, which have a section of their own.
      const section = own.includes('(#judging)') ? own + judging : own;
      expect(man).toContain(`.B ${name}\n`);
      for (const option of optionsOf(help)) {
        const where = option === '--help' || option === '-h' ? cli : section;
        expect(mentions(where, option), `${name} ${option}`).toBe(true);
        expect(manOptions, `${name} ${option}`).toMatch(new RegExp(`[ "]${option}[ "\\n]`));
      }
    }
    expect(mentions(cli, '--version')).toBe(true);
    expect(man).toContain('--version');
  });
});

describe('docs/file-format.md', () => {
  const page = read('docs/file-format.md');

  function keysOf(value: unknown, prefix = ''): string[] {
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([key, inner]) => [
      prefix + key,
      ...keysOf(inner, `${prefix}${key}.`),
    ]);
  }

  test('shows a record as it is written, field for field', () => {
    const path = join(tempDir(), 'a.lock');
    const lock = acquireLockSync(path, { label: 'nightly' });
    const written = JSON.parse(readFileSync(join(path, 'owner.json'), 'utf8'));
    lock.releaseSync();
    const [example] = blocksOf({ name: 'docs/file-format.md', text: page });
    const shown = JSON.parse(example?.code ?? '');
    // Where no witness can be taken there is a lease instead.
    const always = (keys: string[]) =>
      keys.filter(
        (key) => !/^(witness|lease)\./.test(key) || (written.witness !== null && key.startsWith('w')),
      );
    expect(always(keysOf(shown))).toEqual(always(keysOf(written)));
    for (const key of Object.keys(written)) expect(page).toContain(`| \`${key}\` |`);
    for (const key of ['device', 'inode', 'fsid', 'durationMs']) expect(mentions(page, key)).toBe(true);
  });

  test('has the field that only a lock for a command bears', () => {
    const path = join(tempDir(), 'a.lock');
    const lock = acquireLockSync(path, { handOver: true });
    const written = JSON.parse(readFileSync(join(path, 'owner.json'), 'utf8'));
    lock.releaseSync();
    expect(written.handedOver).toBe(true);
    expect(page).toContain('| `handedOver` | true |');
  });

  test('shows a record that can be read back', () => {
    const [example] = blocksOf({ name: 'docs/file-format.md', text: page });
    const { reason } = judgeOwner(JSON.parse(example?.code ?? ''));
    expect(reason).not.toBe('malformed-record');
    expect(inspectLockSync(join(tempDir(), 'none.lock')).format).toBe('none');
  });
});

test('the interval at which a waiter looks again is the one in the documentation', () => {
  // Wherever in this folder the constant is.
  const waiting = readdirSync(join(TOP, 'src/lock/waiting')).map((name) => read(`src/lock/waiting/${name}`));
  const [, interval = ''] = /const SAFETY_INTERVAL = ([\d_]+);/.exec(waiting.join('\n')) ?? [];
  const seconds = Number(interval.replaceAll('_', '')) / 1000;
  expect(seconds).toBeGreaterThan(0);
  for (const name of ['docs/protocol.md', 'docs/wait-without-blocking.md']) {
    expect(read(name), name).toContain(`looks again every ${seconds} s`);
  }
});
