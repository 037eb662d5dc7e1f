// The targets of the prebuilds, and what a machine must have to load them.
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The folder of the prebuilt files, and what records them, in the folder of the package. */
export const PREBUILDS = 'prebuilds';
export const MANIFEST = 'manifest.json';
/** In that folder too: which of the files a machine of their own system has tested. Only published packages have it. */
export const PROVEN = 'PROVEN.json';

/** The name that prebuildify gives and src/backend/native.ts expects. It has no tag, so it is for glibc and for musl. */
export const FILE_NAME = 'kernel-identity.node';

/**
 * `family` is that of native-source-hash.mjs. `versions` are what the tools print for --version: only these make the bytes
 * that are published. They stand here, and not in the manifest alone, because whoever exchanges the files exchanges their
 * manifest as well. To move on to other compilers, change them and the image in .github/workflows.
 *
 * Linux: `machine` is the architecture as readelf names it. `triple` is the prefix of the names of Debian's compiler and
 * binutils, the native ones included.
 *
 * Windows and macOS: `triple` is what zig compiles for, `machine` the number of the architecture in the header of the file.
 */
export const TARGETS = [
  {
    folder: 'linux-x64',
    family: 'linux',
    arch: 'x64',
    triple: 'x86_64-linux-gnu',
    machine: 'Advanced Micro Devices X86-64',
    versions: {
      compiler: 'x86_64-linux-gnu-g++ (Debian 12.2.0-14+deb12u1) 12.2.0',
      linker: 'GNU ld (GNU Binutils for Debian) 2.40',
    },
  },
  {
    folder: 'linux-arm64',
    family: 'linux',
    arch: 'arm64',
    triple: 'aarch64-linux-gnu',
    machine: 'AArch64',
    versions: {
      compiler: 'aarch64-linux-gnu-g++ (Debian 12.2.0-14) 12.2.0',
      linker: 'GNU ld (GNU Binutils for Debian) 2.40',
    },
  },
  {
    folder: 'win32-x64',
    family: 'thin',
    system: 'windows',
    triple: 'x86_64-windows-gnu',
    machine: 0x8664,
    versions: { compiler: 'zig 0.16.0' },
  },
  {
    folder: 'win32-arm64',
    family: 'thin',
    system: 'windows',
    triple: 'aarch64-windows-gnu',
    machine: 0xaa64,
    versions: { compiler: 'zig 0.16.0' },
  },
  {
    folder: 'darwin-x64',
    family: 'thin',
    system: 'darwin',
    triple: 'x86_64-macos.11.0',
    machine: 0x0100_0007,
    isSigned: false,
    versions: { compiler: 'zig 0.16.0' },
  },
  {
    folder: 'darwin-arm64',
    family: 'thin',
    system: 'darwin',
    triple: 'aarch64-macos.11.0',
    machine: 0x0100_000c,
    // macOS on arm64 runs no code without a signature; one that names nobody (ad hoc) will do.
    isSigned: true,
    versions: { compiler: 'zig 0.16.0' },
  },
];

export const INSTALL_COMPILERS =
  'on Debian 12, apt-get install g++ g++-aarch64-linux-gnu, and npm run prebuilds:zig';

/**
 * The newest version of each library that the files may ask for. Node 20's own binaries need glibc 2.28 and
 * GLIBCXX_3.4.21, so every system that can start Node can load the files.
 */
export const FLOOR = { GLIBC: '2.17', GLIBCXX: '3.4.21', CXXABI: '1.3.9' };

/** The libraries' names under glibc. The loader of musl itself serves as libm and libc. */
export const LIBRARIES = ['libstdc++.so.6', 'libm.so.6', 'libgcc_s.so.1', 'libc.so.6'];
