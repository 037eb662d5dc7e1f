import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type Project, ROOT } from './project.js';

const PROGRAM = `
import { selfIdentity, withLockSync, type ProcessIdentity, type Verdict } from 'kernel-identity';
import { fakeOwner, type FakeOwner } from 'kernel-identity/testing';
const identity: ProcessIdentity = selfIdentity();
const pid: number | null = withLockSync('consumer.lock', (lock) => lock.owner.pid);
export const states: Verdict['state'][] = ['alive', 'dead', 'unknown'];
const owner: FakeOwner = fakeOwner();
owner.close();
if (pid !== identity.pid) throw new Error('another process');
console.log('it is me');
`;

const WRONG = `
import { selfIdentity } from 'kernel-identity';
const pid: string = selfIdentity().pid;
console.log(pid);
`;

/** The settings of strict projects. */
const OPTIONS = {
  strict: true,
  exactOptionalPropertyTypes: true,
  target: 'ES2022',
  lib: ['ES2022'],
  types: ['node'],
  skipLibCheck: false,
};

/** A way to compile a program that uses the package: the module settings, and where the source lies. */
export interface Consumer {
  readonly name: string;
  readonly file: string;
  readonly output: string;
  readonly module: Readonly<Record<string, string>>;
}

export const CONSUMERS: readonly Consumer[] = [
  { name: 'nodenext, an ES module', file: 'esm.mts', output: 'esm.mjs', module: { module: 'nodenext' } },
  { name: 'nodenext, CommonJS', file: 'cjs.cts', output: 'cjs.cjs', module: { module: 'nodenext' } },
  {
    name: 'for a bundler',
    file: 'bundled.ts',
    output: 'bundled.js',
    module: { module: 'esnext', moduleResolution: 'bundler' },
  },
];

/** Gives the project the types of Node, as every TypeScript project for Node has them. */
export function linkNodeTypes(project: Project): void {
  mkdirSync(join(project.folder, 'node_modules/@types'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules/@types/node'), join(project.folder, 'node_modules/@types/node'));
}

/** Compiles the program and runs it. Answers what the compiler said, and what the program printed. */
export function compileConsumer(
  project: Project,
  tsc: string,
  { file, output, module }: Consumer,
): { said: string; printed: string } {
  project.write(file, PROGRAM);
  const options = { compilerOptions: { ...OPTIONS, ...module }, files: [file] };
  const config = project.write(`tsconfig.${file}.json`, JSON.stringify(options));
  const { stdout: said } = project.run(['node', tsc, '--project', config]);
  const { stdout, stderr } = project.run(['node', output]);
  return { said, printed: stdout + stderr };
}

/** Compiles a program that takes a number for a string, and answers what the compiler said. */
export function compileWrongConsumer(project: Project, tsc: string): string {
  project.write('wrong.mts', WRONG);
  const options = { compilerOptions: { ...OPTIONS, module: 'nodenext', noEmit: true }, files: ['wrong.mts'] };
  const config = project.write('tsconfig.wrong.json', JSON.stringify(options));
  return project.run(['node', tsc, '--project', config]).stdout;
}
