// Compiles the addons for Windows and macOS with zig, which has the headers and the names of both systems' libraries in
// it. It comes from npm (`npm run prebuilds:zig`), 400 MB, and is kept outside of this folder.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nativeSourceHash, nativeSources } from '../native-source-hash.mjs';
import { nodeHeadersPrefix } from '../node-headers.mjs';
import { ROOT } from './targets.mjs';

const PLACE = process.env.KI_ZIG ?? '/var/tmp/kernel-identity-zig';
const PACKAGES = join(PLACE, 'node_modules/@zigc');
const ZIG = join(PACKAGES, `linux-${process.arch}/bin/zig`);
const LIBRARY = join(PACKAGES, 'lib');

const FLAGS = [
  ...['-std=c++20', '-Os', '-fno-exceptions', '-fno-rtti', '-fno-threadsafe-statics', '-fvisibility=hidden'],
  // zig adds checks of undefined behaviour, and names its folders in them.
  ...['-fno-sanitize=all', '-Wall', '-Wextra', '-Wconversion', '-Werror', '-DNAPI_VERSION=8'],
];

/** By `target.system`. Nothing is linked with a C++ library, nor on Windows with a C library. */
const SYSTEMS = {
  windows: {
    folder: 'windows',
    // Nothing would handle what the stack protector finds.
    compilerFlags: ['-fno-stack-protector'],
    linkerFlags: ['-shared', '-nostdlib', '-lkernel32', '-ladvapi32', '-s'],
    headers: ['libc/include/any-windows-any'],
  },
  darwin: {
    folder: 'darwin',
    // The headers of Node say nothing of null, those of macOS do.
    compilerFlags: ['-fstack-protector-strong', '-Wno-nullability-completeness'],
    linkerFlags: [
      ...['-shared', '-Wl,-undefined,dynamic_lookup', '-Wl,-install_name,@rpath/kernel-identity.node', '-s'],
    ],
    headers: [],
  },
};

/** @returns such as `zig 0.16.0`; null when it is missing. */
export function zigVersion() {
  const { status, stdout } = spawnSync(ZIG, ['version'], { encoding: 'utf8' });
  return status === 0 ? `zig ${stdout.trim()}` : null;
}

/**
 * @returns the file's bytes, and the flags of its compilation.
 * @throws {Error} if it cannot be built here.
 */
export function buildWithZig({ system, triple }) {
  const { folder, compilerFlags, linkerFlags, headers } = SYSTEMS[system];
  const node = nodeHeadersPrefix();
  if (node === undefined) throw new Error('the headers of Node are missing: set npm_config_nodedir');
  const work = mkdtempSync(join(tmpdir(), 'kernel-identity-zig-'));
  try {
    const flags = ['-target', triple, ...FLAGS, ...compilerFlags];
    const sources = nativeSources('thin').filter((name) =>
      new RegExp(`/(thin|${folder})/.*\\.cc$`).test(name),
    );
    const include = [join(node, 'include/node'), ...headers.map((name) => join(LIBRARY, name))];
    const output = join(work, 'addon.node');
    // The paths that the compiler sees are relative, so that they are the same in every folder.
    run(ZIG, [
      ...['cc', ...flags, `-DKERNEL_IDENTITY_SOURCE_HASH="${nativeSourceHash('thin')}"`],
      ...include.flatMap((name) => ['-isystem', name]),
      ...['-x', 'c++', ...sources, ...linkerFlags, '-o', output],
    ]);
    return {
      bytes: readFileSync(output),
      flags: { compilerFlags: flags.join(' '), linkerFlags: linkerFlags.join(' ') },
    };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }

  function run(program, args) {
    const { status, stdout, stderr, error } = spawnSync(program, args, {
      cwd: ROOT,
      encoding: 'utf8',
      env: {
        ...process.env,
        ZIG_LIB_DIR: LIBRARY,
        ZIG_LOCAL_CACHE_DIR: join(work, 'cache'),
        ZIG_GLOBAL_CACHE_DIR: join(PLACE, 'cache'),
      },
    });
    if (status !== 0) throw new Error(`${program} failed: ${error?.message ?? ''}\n${stdout}${stderr}`);
  }
}

/** Installs zig as scripts/prebuilds/zig/ says, whose lock file has the hashes of its packages. */
function install() {
  if (zigVersion() !== null && existsSync(LIBRARY)) return;
  const lock = fileURLToPath(new URL('zig/', import.meta.url));
  mkdirSync(PLACE, { recursive: true });
  for (const name of ['package.json', 'package-lock.json']) cpSync(join(lock, name), join(PLACE, name));
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', PLACE];
  const { status } = spawnSync(join(dirname(process.execPath), 'npm'), args, { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) install();
