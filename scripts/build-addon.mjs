// Builds the native addon into build/Release with node-gyp, if this machine can. The addon is optional: without it the
// prebuilt one is loaded, and other architectures use plain Node and /proc. A clone prefers its build/Release.
// `--force` builds even if the binary is up to date.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { nativeSourceHash } from './native-source-hash.mjs';
import { nodeHeadersPrefix } from './node-headers.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BINARY = join(ROOT, 'build/Release/kernel_identity.node');
const COMPILERS = ['g++', 'clang++', 'c++'];

process.exitCode = await build();

async function build() {
  if (process.platform !== 'linux') {
    console.log(`addon not built: it is for Linux, and this is ${process.platform}`);
    return 0;
  }
  const hash = nativeSourceHash();
  if (!process.argv.includes('--force') && isBuiltFrom(hash)) {
    console.log('addon up to date');
    return 0;
  }

  const compiler = findCompiler();
  if (compiler === undefined) return cannotBuild('there is no C++ compiler', 'g++');
  if (!runs('make')) return cannotBuild('there is no make', 'make');
  const python = process.env.PYTHON || process.env.npm_config_python || 'python3';
  if (!runs(python)) return cannotBuild('there is no python3, which node-gyp needs', 'python3');

  const prefix = nodeHeadersPrefix();
  const options = [];
  if (prefix !== undefined) {
    options.push(`--nodedir=${prefix}`);
  } else {
    // `configure` would fetch the headers too, but a missing network would then look like a broken binding.gyp.
    console.log('addon: fetching the headers of this Node, if they are not there yet');
    const headers = await nodeGyp(['install', '--ensure'], compiler);
    if (headers.status !== 0) {
      return cannotBuild('the headers of this Node cannot be downloaded', 'them, or set npm_config_nodedir');
    }
  }

  const files = readFileSync(join(ROOT, 'binding.gyp'), 'utf8').match(/'native\/[^']*\.cc'/g).length;
  console.log(
    `addon: compiling the ${files} files of native/ with ${compiler}: half a minute to two minutes`,
  );
  let begun = 0;
  const result = await nodeGyp(['configure', 'build', '--jobs=max', ...options], compiler, (line) => {
    if (!/^\s*CXX\(target\)/.test(line)) return;
    begun += 1;
    if (begun % 10 === 0) console.log(`addon: ${begun} of ${files}`);
  });
  if (result.status !== 0) {
    process.stderr.write(result.output);
    console.error('addon not built: see above');
    return 1;
  }
  if (!isBuiltFrom(hash)) {
    console.error(`addon not built: ${relative(ROOT, BINARY)} does not contain the hash of its sources`);
    return 1;
  }
  console.log(`addon built: ${relative(ROOT, BINARY)}`);
  return 0;
}

/** The binary contains the hash of its sources as plain text, so no other file has to record it. */
function isBuiltFrom(hash, binary = BINARY) {
  return existsSync(binary) && readFileSync(binary).includes(hash);
}

/**
 * Prints why the addon is not built, and returns the exit code. That is no failure for a developer who works on the
 * TypeScript only, but CI must notice when the addon is missing.
 */
function cannotBuild(why, remedy) {
  console.log(`addon not built: ${why}. ${whatServes()} To build it, install ${remedy}.`);
  return process.env.CI === 'true' ? 1 : 0;
}

/** Says what will be loaded in place of the addon. */
function whatServes() {
  if (existsSync(BINARY))
    return `${relative(ROOT, BINARY)} was built from other sources, and will be loaded.`;
  const prebuild = join(ROOT, `prebuilds/${process.platform}-${process.arch}/kernel-identity.node`);
  if (!existsSync(prebuild)) return 'The procfs backend will be used.';
  if (isBuiltFrom(nativeSourceHash(), prebuild)) return 'The prebuilt addon will be loaded.';
  return `${relative(ROOT, prebuild)} was built from other sources, and will be loaded.`;
}

function findCompiler() {
  const wanted = process.env.CXX;
  // $CXX may contain options, such as `ccache g++` or `g++ -m64`.
  if (wanted) return runs(wanted.trim().split(/\s+/)[0]) ? wanted : undefined;
  return COMPILERS.find(runs);
}

function runs(program) {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}

/** Runs node-gyp. Answers its exit code and all that it printed; each line goes to `onLine` when it comes. */
async function nodeGyp(args, compiler, onLine = () => {}) {
  const require = createRequire(import.meta.url);
  const entry = join(dirname(require.resolve('node-gyp/package.json')), 'bin/node-gyp.js');
  const child = spawn(process.execPath, [entry, '--loglevel=warn', ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      CXX: compiler,
      // binding.gyp calls `node`, which must be this Node.
      PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      output += `${line}\n`;
      onLine(line);
    });
  }
  const [status] = await once(child, 'close');
  return { status, output };
}
