import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type Project, ROOT } from './project.js';

const PROGRAM = `
import { selfIdentity, withLockSync, type ProcessIdentity, type Verdict } from 'kernel-identity';
const identity: ProcessIdentity = selfIdentity();
const pid: number | null = withLockSync('consumer.lock', (lock) => lock.owner.pid);
export const states: Verdict['state'][] = ['alive', 'dead', 'unknown'];
if (pid !== identity.pid) throw new Error('another process');
console.log('it is me');
`;

const WRONG = `
import { selfIdentity } from 'kernel-identity';
const pid: string = selfIdentity().pid;
console.log(pid);
`;

const OPTIONS = { strict: true, target: 'ES2022', lib: ['ES2022'], types: ['node'], skipLibCheck: false };

/**
 * Ways to compile a program that uses the package. They differ in the module settings and in where the source
 * lies.
 */
export const CONSUMERS = [
  { name: 'nodenext, an ES module', file: 'esm.mts', output: 'esm.mjs', module: { module: 'nodenext' } },
  { name: 'nodenext, CommonJS', file: 'cjs.cts', output: 'cjs.cjs', module: { module: 'nodenext' } },
  {
    name: 'for a bundler',
    file: 'bundled.ts',
    output: 'bundled.js',
    module: { module: 'esnext', moduleResolution: 'bundler' },
  },
] as const;

export function writeConsumers(project: Project): void {
  // A TypeScript project for Node has the types of Buffer, AbortSignal and the like.
  mkdirSync(join(project.folder, 'node_modules/@types'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules/@types/node'), join(project.folder, 'node_modules/@types/node'));
  for (const { file, module } of CONSUMERS) {
    project.write(file, PROGRAM);
    const options = { compilerOptions: { ...OPTIONS, ...module }, files: [file] };
    project.write(`tsconfig.${file}.json`, JSON.stringify(options));
  }
  project.write('wrong.mts', WRONG);
  const options = { compilerOptions: { ...OPTIONS, module: 'nodenext', noEmit: true }, files: ['wrong.mts'] };
  project.write('tsconfig.wrong.json', JSON.stringify(options));
}
