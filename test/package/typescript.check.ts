// Every way in which TypeScript finds a package, also those that TypeScript 7 has given up.
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { isBuilt, testRequiring } from '../helpers/requirements.js';
import { type Consumer, compileConsumer } from './consumers.js';
import { OF_COMMONJS, type Project, Workplace } from './project.js';

const CONSUMERS: readonly Consumer[] = [
  { name: 'node16, an ES module', file: 'esm.mts', output: 'esm.mjs', module: { module: 'node16' } },
  { name: 'node16, CommonJS', file: 'cjs.cts', output: 'cjs.cjs', module: { module: 'node16' } },
  { name: 'nodenext, an ES module', file: 'esm2.mts', output: 'esm2.mjs', module: { module: 'nodenext' } },
  { name: 'nodenext, CommonJS', file: 'cjs2.cts', output: 'cjs2.cjs', module: { module: 'nodenext' } },
  {
    name: 'node10, CommonJS',
    file: 'old.ts',
    output: 'old.js',
    module: { module: 'commonjs', moduleResolution: 'node10' },
  },
  {
    name: 'for a bundler',
    file: 'bundled.mts',
    output: 'bundled.mjs',
    module: { module: 'esnext', moduleResolution: 'bundler' },
  },
];

/** One of 2024, and the last one before TypeScript 6 and 7 gave up `node10`. */
const COMPILERS = ['5.4', '5.9'];

let workplace: Workplace;
beforeAll(() => {
  workplace = new Workplace();
});
afterAll(() => workplace?.remove());

describe.each(COMPILERS)('TypeScript %s', (version) => {
  let project: Project;
  beforeAll(() => {
    project = workplace.installed([`typescript@${version}`, '@types/node@20.19.0'], OF_COMMONJS);
  });

  for (const consumer of CONSUMERS) {
    testRequiring([isBuilt()], `finds the package: ${consumer.name}`, () => {
      expect(compileConsumer(project, 'node_modules/typescript/bin/tsc', consumer)).toEqual({
        said: '',
        printed: 'it is me\n',
      });
    });
  }
});
