// Builds what is published: dist/index.js and dist/cli/main.js, each one file, since a module of its own costs whoever
// imports it half a millisecond; and the types that index.d.ts leads to.
// First tsc compiles and checks src, module by module, into build/modules: from there come the types, and there tests
// find what users do not see (test/helpers/internals.mjs). Arguments are for tsc.
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MODULES = join(ROOT, 'build/modules');
const DIST = join(ROOT, 'dist');

// A file that left src must not live on in what is built.
for (const folder of [MODULES, DIST]) rmSync(folder, { recursive: true, force: true });

const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
const { status } = spawnSync(process.execPath, [tsc, '-p', ROOT, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
if (status === 0) await makeDist();
else process.exitCode = 1;

async function makeDist() {
  // Not split into what the two share and the rest: nobody loads both into one process.
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/index.ts', 'src/cli/main.ts'],
    outdir: DIST,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    logLevel: 'warning',
  });
  copyTypes('index.d.ts');
}

/** Copies a file of types and those that it names. */
function copyTypes(name, copied = new Set()) {
  if (copied.has(name)) return;
  copied.add(name);
  cpSync(join(MODULES, name), join(DIST, name));
  const text = readFileSync(join(MODULES, name), 'utf8');
  for (const [, path] of text.matchAll(/(?:from |import\()["'](\.[^"']*)\.js["']/g)) {
    copyTypes(join(dirname(name), `${path}.d.ts`), copied);
  }
}
