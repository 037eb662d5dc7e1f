import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeRequiring, isBuilt } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { allPages, type Block, blocksOf, docExamples, TOP } from './pages.js';

const BLOCKS = [...allPages().flatMap(blocksOf), ...docExamples()].filter(
  ({ language }) => language === 'js',
);

/** Runs a block as a reader would: in a project of its own, into which the package is installed. */
function run({ code }: Block) {
  const project = tempDir();
  const data = join(project, 'data');
  mkdirSync(data);
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(TOP, join(project, 'node_modules', 'kernel-identity'));
  const file = join(project, code.includes('require(') ? 'example.cjs' : 'example.mjs');
  // An ordinary user may not create /data.
  writeFileSync(file, code.replaceAll("'/data/", `'${data}/`));
  const result = spawnSync(process.execPath, [file], { cwd: project, encoding: 'utf8', timeout: 25_000 });
  return { ...result, left: readdirSync(data) };
}

describeRequiring([isBuilt()], 'examples in the documentation', () => {
  test('are there', () => {
    expect(BLOCKS.filter(({ notRun }) => notRun === null).length).toBeGreaterThan(10);
  });

  for (const block of BLOCKS) {
    const name = `${block.page}:${block.line}`;
    if (block.notRun !== null) {
      test.skip(`${name}: ${block.notRun}`);
      continue;
    }
    test(`${name} runs, says what its comments say, and leaves nothing behind`, () => {
      const { status, signal, stdout, stderr, left } = run(block);
      expect({ status, signal, left }, stderr).toEqual({ status: 0, signal: null, left: [] });
      for (const said of saidIn(block.code)) expect(stdout).toContain(said);
    });
  }
});

/**
 * The output that `console.log(...); // text` promises, without quotes. Text after a colon, after a comma or in
 * parentheses is an explanation for the reader.
 */
function saidIn(code: string): string[] {
  return [...code.matchAll(/^\s*console\.log\(.*\); \/\/ (.+)$/gm)].map(([, comment = '']) =>
    comment
      .replace(/[:,(].*$/, '')
      .replaceAll("'", '')
      .trim(),
  );
}
