// The targets of the prebuilds, and what a machine must have to load them.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const PREBUILDS = join(ROOT, 'prebuilds');
export const MANIFEST = join(PREBUILDS, 'manifest.json');

/** The name that prebuildify gives and src/backend/native.ts expects. It has no tag, so it is for glibc and for musl. */
export const FILE_NAME = 'kernel-identity.node';

/**
 * `machine` is the architecture as readelf names it. `triple` is the prefix of the names of Debian's compiler and
 * binutils, the native ones included.
 */
export const TARGETS = [
  {
    folder: 'linux-x64',
    arch: 'x64',
    triple: 'x86_64-linux-gnu',
    machine: 'Advanced Micro Devices X86-64',
  },
  { folder: 'linux-arm64', arch: 'arm64', triple: 'aarch64-linux-gnu', machine: 'AArch64' },
];

export const INSTALL_COMPILERS = 'apt-get install g++ g++-aarch64-linux-gnu';

/**
 * The newest version of each library that the files may ask for. Node 20's own binaries need glibc 2.28 and
 * GLIBCXX_3.4.21, so every system that can start Node can load the files.
 */
export const FLOOR = { GLIBC: '2.17', GLIBCXX: '3.4.21', CXXABI: '1.3.9' };

/** The libraries' names under glibc. The loader of musl itself serves as libm and libc. */
export const LIBRARIES = ['libstdc++.so.6', 'libm.so.6', 'libgcc_s.so.1', 'libc.so.6'];
