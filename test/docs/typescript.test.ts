// What the documentation shows is written into strict TypeScript by many, and must compile there as it stands.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeRequiring, isBuilt } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import {
  allPages,
  blocksOf,
  docExamples,
  ETCD_FUNCTIONS,
  PUBLIC_FUNCTIONS,
  read,
  TESTING_FUNCTIONS,
  TOP,
} from './pages.js';

const OPTIONS = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  target: 'ES2022',
  lib: ['ES2023', 'ESNext.Disposable'],
  types: ['node'],
  module: 'nodenext',
  noEmit: true,
};

describeRequiring([isBuilt()], 'the examples in pages and doc comments', () => {
  test('compile as strict TypeScript', () => {
    const project = tempDir();
    mkdirSync(join(project, 'node_modules/@types'), { recursive: true });
    symlinkSync(TOP, join(project, 'node_modules/kernel-identity'));
    symlinkSync(join(TOP, 'node_modules/@types/node'), join(project, 'node_modules/@types/node'));
    const names = [...allPages().flatMap(blocksOf), ...docExamples()]
      .filter((block) => block.language === 'js' && block.notRun === null && !block.code.includes('require('))
      .map(({ page, line, code }) => {
        const name = `${page.replaceAll(/\W/g, '-')}-${line}.mts`;
        writeFileSync(join(project, name), code);
        return name;
      });
    expect(names.length).toBeGreaterThan(40);
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: OPTIONS, files: names }));
    const tsc = join(TOP, 'node_modules/typescript/bin/tsc');
    const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', project], { encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });
});

describeRequiring([isBuilt()], 'the published types', () => {
  const texts = readdirSync(join(TOP, 'dist'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.d.cts'))
    .map((name) => read(`dist/${name}`))
    .join('\n');

  test.each([...PUBLIC_FUNCTIONS, ...TESTING_FUNCTIONS, ...ETCD_FUNCTIONS])(
    'have a doc comment with an example on each signature of %s',
    (name) => {
      const signatures = [...texts.matchAll(new RegExp(`^export declare function ${name}[<(]`, 'gm'))];
      expect(signatures.length).toBeGreaterThan(0);
      for (const { index } of signatures) {
        const above = texts.slice(0, index);
        expect(above.endsWith('*/\n')).toBe(true);
        expect(above.slice(above.lastIndexOf('/**'))).toContain(' * @example\n');
      }
    },
  );
});
