// Builds what is published: dist/index.js and dist/cli/main.js, and the types that index.d.ts refers to. Each of the two
// is a single file, because every module adds half a millisecond to an import.
// First tsc compiles and checks src, module by module, into build/modules. The types come from there, and tests find
// the modules there that users do not see (test/helpers/internals.mjs). The arguments are passed to tsc.
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MODULES = join(ROOT, 'build/modules');
const DIST = join(ROOT, 'dist');

// A file that was removed from src must not stay in the output.
for (const folder of [MODULES, DIST]) rmSync(folder, { recursive: true, force: true });

const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
const { status } = spawnSync(process.execPath, [tsc, '-p', ROOT, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
if (status === 0) await makeDist();
else process.exitCode = 1;

async function makeDist() {
  // Their common code is not split off, because no process loads both.
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

/** Copies a file of types and the files that it imports. */
function copyTypes(name, copied = new Set()) {
  if (copied.has(name)) return;
  copied.add(name);
  cpSync(join(MODULES, name), join(DIST, name));
  const text = readFileSync(join(MODULES, name), 'utf8');
  for (const [, path] of text.matchAll(/(?:from |import\()["'](\.[^"']*)\.js["']/g)) {
    copyTypes(join(dirname(name), `${path}.d.ts`), copied);
  }
}
