// Builds what is published, dist/: the library, the program, and the types. Each part is as few files as it can be,
// because every module adds half a millisecond to the start of a process.
// First tsc compiles and checks src, module by module, into build/modules. The types come from there, and tests find
// the modules there that users do not see (test/helpers/internals.mjs). The arguments are passed to tsc.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { writeBillOfMaterials } from './release/sbom.mjs';
import { buildTwoParts } from './two-parts.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MODULES = join(ROOT, 'build/modules');
const DIST = join(ROOT, 'dist');

const BUNDLE = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  logLevel: 'warning',
};
/** A CommonJS file has no import.meta.url, so it gets a variable in its place. */
const COMMONJS = {
  ...BUNDLE,
  format: 'cjs',
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: `'use strict';\nconst moduleUrl = require('node:url').pathToFileURL(__filename).href;` },
  supported: {
    'dynamic-import': false,
    // V8 checks a literal pattern when it reads the file, though its function may never run, and takes 0.5 ms for the
    // Unicode classes in those of the library. This makes them calls of `new RegExp()`.
    'regexp-sticky-and-unicode-flags': false,
  },
};
/** Nobody reads this file, because a bundler prints it anew. */
const COMPACT = { minifyWhitespace: true };
/**
 * Nobody reads the commands either, because they print messages and no stacks. Node compiles a file in a time that grows
 * with its length, and keeps it together with the names in it: short ones save a start of `run` a millisecond.
 */
const SMALLEST = { minify: true };

// A file that was removed from src must not stay in the output.
for (const folder of [MODULES, DIST]) rmSync(folder, { recursive: true, force: true });

console.log('compiling src/, TypeScript: 5 to 20 s');
const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
const { status } = spawnSync(process.execPath, [tsc, '-p', ROOT, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
if (status === 0) await makeDist();
else process.exitCode = 1;

async function makeDist() {
  for (const name of ['index', 'testing', 'etcd']) {
    copyTypes(name);
    write(`${name}.d.ts`, `export * from './${name}.cjs';\n`);
  }
  writeTypesOfProperLockfile();
  await buildLibrary();
  await buildTesting();
  await buildEtcd();
  await buildInternals();
  await buildProperLockfile();
  await buildProgram();
  writeBillOfMaterials();
  console.log('dist/ made');
}

/**
 * The library is one CommonJS file, and import gets a wrapper of it. So a process that loads it in both ways has one
 * copy, which knows all locks that it holds. A bundler could not see through the wrapper, so it gets other files.
 */
async function buildLibrary() {
  const source = { entryPoints: ['src/index.ts'] };
  const metafile = await metafileOf(source);
  const second = 'index-rest.cjs';
  const { first, rest } = await buildTwoParts({
    root: ROOT,
    entry: 'src/index.ts',
    exports: exportsIn(metafile),
    second,
    options: { ...COMMONJS, plugins: [elsewhere(/\/etcd\.js$/, './etcd-locks.cjs')] },
  });
  write('index.cjs', requireOnce(first));
  write(second, requireOnce(rest));
  await buildForBundlers();
  // The names are taken from an object, because Node would first have to search the whole file for them if the wrapper
  // imported it: that takes 40 ms.
  write('index.js', wrapperOf(metafile, './index.cjs'));
}

/** The library and etcd as ES modules, which a bundler can see through, and a third file with what both use. */
async function buildForBundlers() {
  await build({
    ...BUNDLE,
    ...COMPACT,
    format: 'esm',
    splitting: true,
    entryPoints: { 'for-bundlers': 'src/index.ts', 'etcd-for-bundlers': 'src/etcd.ts' },
    chunkNames: 'shared-for-bundlers',
    outdir: DIST,
  });
}

/** `testing` uses the copy of the library which the program has loaded. */
async function buildTesting() {
  const source = { entryPoints: ['src/testing.ts'], plugins: [elsewhere(/^\.\/index\.js$/, './index.cjs')] };
  await buildCommonJs({ ...source, outfile: join(DIST, 'testing.cjs') });
  write('testing.js', wrapperOf(await metafileOf(source), './testing.cjs'));
}

/**
 * `etcd` is whole in itself, like what takes the place of proper-lockfile. Its entry loads the rest at the first call,
 * because many programs import it for one of their commands only, and it takes three times as long as a module of Node.
 */
async function buildEtcd() {
  const source = { entryPoints: ['src/etcd.ts'] };
  await buildCommonJs({ ...source, outfile: join(DIST, 'etcd-locks.cjs') });
  const metafile = await metafileOf(source);
  const calls = exportsIn(metafile).map(
    (name) => `  ${name}: (...given) => require('./etcd-locks.cjs').${name}(...given),\n`,
  );
  write('etcd.cjs', `'use strict';\n\nmodule.exports = {\n${calls.join('')}};\n`);
  write('etcd.js', wrapperOf(metafile, './etcd.cjs'));
}

/** What tells the exports of a source, which a CommonJS file does not. The ES module that tells them is not written. */
async function metafileOf(source) {
  const { metafile } = await build({ ...BUNDLE, ...source, format: 'esm', metafile: true, write: false });
  return metafile;
}

/**
 * What the tests' processes use beyond the library, as one file: its 150 modules take a process 90 ms of processor time,
 * and the crash tests and the torture start thousands of processes.
 */
async function buildInternals() {
  const entryPoints = ['test/helpers/internals.mjs'];
  await build({ ...BUNDLE, format: 'esm', entryPoints, outfile: join(MODULES, 'internals.js') });
}

/**
 * What takes the place of proper-lockfile. It is whole in itself, and shares no file with the library, because it needs so
 * little of that: it loads in a third of the time. Like proper-lockfile it is a function with the others as properties.
 */
async function buildProperLockfile() {
  const entryPoints = ['src/proper-lockfile/index.ts'];
  const footer = { js: 'module.exports = module.exports.default;\nmodule.exports.default = module.exports;' };
  const directory = join(DIST, 'proper-lockfile');
  await buildCommonJs({ footer, entryPoints, outfile: join(directory, 'index.cjs') });
  const { metafile } = await build({
    ...BUNDLE,
    ...COMPACT,
    format: 'esm',
    metafile: true,
    entryPoints,
    outfile: join(directory, 'for-bundlers.js'),
  });
  write('proper-lockfile/index.js', wrapperOf(metafile, './index.cjs'));
}

/** Makes a CommonJS file; a file that is a program may be executed. */
async function buildCommonJs(options) {
  const { outputFiles } = await build({ ...COMMONJS, ...options, write: false });
  for (const { path, text } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, requireOnce(text));
    if (text.startsWith('#!')) chmodSync(path, 0o755);
  }
}

/**
 * Requires each module of Node once, at the top. A bundle requires it once for each source file, 80 times in all, which
 * takes the start of a process 0.3 to 0.4 ms.
 */
function requireOnce(text) {
  const variables = new Map();
  const rest = text.replace(/\brequire\("(node:[\w/]+)"\)/g, (_, name) => {
    variables.set(name, name.replace(/\W/g, '_'));
    return variables.get(name);
  });
  const required = [...variables].map(([name, variable]) => `const ${variable} = require("${name}");\n`);
  return rest.replace("'use strict';\n", (directive) => directive + required.join(''));
}

/** Leaves a module out of a bundle, which finds it in another file. */
function elsewhere(filter, path) {
  return {
    name: `${path} elsewhere`,
    setup({ onResolve }) {
      onResolve({ filter }, () => ({ path, external: true }));
    },
  };
}

/**
 * An ES module with the exports of a CommonJS file.
 * @param metafile of the same source as an ES module.
 */
function wrapperOf(metafile, file) {
  const exports = exportsIn(metafile);
  const names = exports.filter((name) => name !== 'default');
  const last = names.length === exports.length ? '' : '\nexport default loaded;\n';
  return (
    "import { createRequire } from 'node:module';\n\n" +
    `const loaded = createRequire(import.meta.url)('${file}');\n` +
    `export const { ${names.join(', ')} } = loaded;\n${last}`
  );
}

function exportsIn({ outputs }) {
  return Object.values(outputs)[0].exports;
}

/** Builds main.ts, and each module that it or a command loads later, by import(), as a file of its own. */
async function buildProgram() {
  const sources = new Set(['src/cli/main.ts']);
  const partsOfItsOwn = {
    name: 'parts of their own',
    setup({ onResolve }) {
      onResolve({ filter: /^\.\/[\w-]+\.js$/ }, ({ kind, path, resolveDir }) => {
        if (kind !== 'dynamic-import') return undefined;
        sources.add(join(resolveDir, path.replace(/js$/, 'ts')));
        return { path: path.replace(/js$/, 'cjs'), external: true };
      });
    },
  };
  // The set grows while it is walked through.
  for (const source of sources) {
    await buildCommonJs({
      ...SMALLEST,
      entryPoints: [source],
      outdir: join(DIST, 'cli'),
      outExtension: { '.js': '.cjs' },
      plugins: [partsOfItsOwn],
    });
  }
}

/**
 * require() gives the function with the others as properties, which only `export =` describes. To an ES module the default
 * export of a CommonJS file is all that it exports, so there it is declared anew.
 */
function writeTypesOfProperLockfile() {
  copyTypes('proper-lockfile/index', 'proper-lockfile/types');
  const source = readFileSync(join(MODULES, 'proper-lockfile/index.d.ts'), 'utf8');
  const exported = [...source.matchAll(/^export type (?:\{([^}]*)\}|(\w+) =)/gm)];
  const names = exported.flatMap(([, list, name]) => name ?? list.split(',').map((one) => one.trim()));
  const declared = (type) => `declare const properLockfile: ${type};\n`;
  write(
    'proper-lockfile/index.d.cts',
    "import type * as types from './types.cjs';\n\n" +
      declared('types.ProperLockfile & { readonly default: types.ProperLockfile }') +
      'declare namespace properLockfile {\n' +
      names.map((name) => `  export type ${name} = types.${name};\n`).join('') +
      '}\nexport = properLockfile;\n',
  );
  write(
    'proper-lockfile/index.d.ts',
    "import type { ProperLockfile } from './types.cjs';\n\nexport * from './types.cjs';\n" +
      `${declared('ProperLockfile')}export default properLockfile;\n`,
  );
}

/** Copies a file of types, and those that it imports, as types of CommonJS modules. */
function copyTypes(name, to = name, copied = new Set()) {
  if (copied.has(name)) return;
  copied.add(name);
  const imported = /(from |import\()(["'])(\.[^"']*)\.js\2/g;
  const text = readFileSync(join(MODULES, `${name}.d.ts`), 'utf8');
  write(`${to}.d.cts`, text.replace(imported, '$1$2$3.cjs$2'));
  for (const [, , , path] of text.matchAll(imported)) {
    const next = join(dirname(name), path);
    copyTypes(next, next, copied);
  }
}

function write(name, text) {
  const path = join(DIST, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
