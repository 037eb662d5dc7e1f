// The package as a user gets it: packed, and installed by npm into an empty project without compiler or
// Python.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeRequiring, isBuilt, type Requirement } from '../helpers/requirements.js';
import { CONSUMERS, compileConsumer, compileWrongConsumer, linkNodeTypes } from './consumers.js';
import { npmOf, type Project, ROOT, Workplace } from './project.js';

const npm = npmOf(process.execPath);
const hasNpm: Requirement = { available: npm !== undefined, reason: 'npm is no script of Node here' };

/** Expects a size within a twentieth, or a kilobyte, because every change of a source changes a size. */
function expectAbout(said: number | undefined, found: number, what?: string): void {
  expect(Math.abs((said ?? Number.NaN) - found), what).toBeLessThan(Math.max(1, found / 20));
}

/** The files of the package, by folder. */
const CONTENT = new RegExp(
  `^(${[
    'dist/(index|testing|etcd|proper-lockfile/index)\\.(js|cjs|d\\.ts)',
    'dist/(etcd-locks|index-rest)\\.cjs',
    'dist/(etcd-|shared-|proper-lockfile/)?for-bundlers\\.js',
    'dist/cli/[\\w-]+\\.cjs',
    'dist/.*\\.d\\.cts',
    'dist/sbom\\.cdx\\.json',
    'prebuilds/[^/]*/kernel-identity\\.node',
    'prebuilds/manifest\\.json',
  ].join('|')})$`,
);
const SINGLE_FILES = [
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'SECURITY.md',
  'THIRD-PARTY-LICENSES.txt',
  'completions/_kernel-identity',
  'completions/kernel-identity.bash',
  'man/kernel-identity.1',
  'package.json',
];

describeRequiring([hasNpm, isBuilt()], 'the package, installed by npm without a compiler', () => {
  let workplace: Workplace;
  let project: Project;
  let said: string;
  const installed = (name: string) => join(project.folder, 'node_modules/kernel-identity', name);
  const node = (...args: string[]) => project.run(['node', ...args]);

  beforeAll(() => {
    workplace = new Workplace();
    project = workplace.project();
    project.equip({ node: process.execPath, programs: { npm: npm as string } });
    const { status, stdout, stderr } = project.run(['npm', 'install', workplace.tarball]);
    said = stdout + stderr;
    if (status !== 0) throw new Error(`npm install: ${said}`);
    linkNodeTypes(project);
  }, 120_000);
  afterAll(() => workplace?.remove());

  test('npm prints only that it added one package', () => {
    expect(said.trim()).toMatch(/^added 1 package in \S+$/);
    expect(existsSync(installed('build'))).toBe(false);
  });

  const listFiles = () =>
    readdirSync(installed('.'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(installed('.'), join(entry.parentPath, entry.name)));

  test('it holds what is needed and nothing else', () => {
    const files = listFiles();
    expect(files.filter((name) => !CONTENT.test(name)).sort()).toEqual(SINGLE_FILES);
    for (const name of ['prebuilds/linux-x64', 'prebuilds/linux-arm64']) {
      const path = `${name}/kernel-identity.node`;
      expect(readFileSync(installed(path)).equals(readFileSync(join(ROOT, path))), path).toBe(true);
    }
  });

  test('it is as large as docs/packaging.md says', () => {
    const files = listFiles();
    const sizeOf = (prefixes: readonly string[]) =>
      files
        .filter((name) => prefixes.some((prefix) => name.startsWith(prefix)))
        .reduce((sum, name) => sum + statSync(installed(name)).size / 1000, 0);
    const page = readFileSync(join(ROOT, 'docs/packaging.md'), 'utf8');
    const [, count, packed, unpacked] =
      /^(\d+) files; packed (\d+) KB, unpacked (\d+) KB\./m.exec(page)?.map(Number) ?? [];
    expectAbout(count, files.length);
    expectAbout(packed, statSync(workplace.tarball).size / 1000);
    expectAbout(unpacked, sizeOf(['']));
    const parts = [...page.matchAll(/^\| (.*) \| (\d+) KB \|.*\|$/gm)];
    expect(parts).toHaveLength(6);
    for (const [, names = '', size] of parts) {
      // The second path of a list such as `prebuilds/linux-x64`, `linux-arm64` is relative to the folder of
      // the first.
      const paths = names
        .replaceAll('`', '')
        .split(', ')
        .map((name) => name.replace(/^(linux|win32|darwin)-/, 'prebuilds/$&'));
      expectAbout(Number(size), sizeOf(paths), names);
    }
  });

  test('nothing in it runs at installation', () => {
    const { gypfile, scripts } = JSON.parse(readFileSync(installed('package.json'), 'utf8'));
    // Without this field npm adds an install script to any package that has a binding.gyp when it is
    // published.
    expect(gypfile).toBe(false);
    for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) {
      expect(scripts).not.toHaveProperty(name);
    }
  });

  test.each([
    ['import', "import { dumpDiagnostics } from 'kernel-identity';"],
    [
      'require',
      "import { createRequire } from 'node:module';" +
        "const { dumpDiagnostics } = createRequire(import.meta.url)('kernel-identity');",
    ],
    [
      'require by the path of its folder',
      "import { createRequire } from 'node:module';" +
        "const { dumpDiagnostics } = createRequire(import.meta.url)('./node_modules/kernel-identity');",
    ],
  ])('%s works, with the addon', (_how, line) => {
    const script = `${line} console.log(JSON.stringify(dumpDiagnostics().backend.name));`;
    const { stdout, stderr } = node('--input-type=module', '--eval', script);
    expect({ stdout, stderr }).toEqual({ stdout: '"native"\n', stderr: '' });
  });

  test('the command works, and its version is that of the package', () => {
    const bin = join(project.folder, 'node_modules/.bin/kernel-identity');
    const self = project.run([bin, 'self', '--json']);
    expect({ ...JSON.parse(self.stdout), stderr: self.stderr }).toMatchObject({
      platform: 'linux',
      stderr: '',
    });
    const ran = project.run([bin, 'run', join(project.folder, 'a.lock'), '--', 'sh', '-c', 'exit 3']);
    expect(ran.status).toBe(3);
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(project.run([bin, '--version']).stdout).toContain(version);
  });

  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  test.each(CONSUMERS)('TypeScript finds the types: $name', (consumer) => {
    expect(compileConsumer(project, tsc, consumer)).toEqual({ said: '', printed: 'it is me\n' });
  });

  test('TypeScript knows what the types are', () => {
    expect(compileWrongConsumer(project, tsc)).toContain("Type 'number' is not assignable to type 'string'");
  });
});
