/** The C++ addon as a backend. Its functions are used as they are, without any JavaScript in between. */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { requireWhole } from './addon-file.js';
import type {
  Backend,
  Capabilities,
  FileOperations,
  LeaseOperations,
  LifelineOperations,
  ProcessOperations,
  WatchOperations,
  WitnessOperations,
} from './backend.js';
import { ownPackage } from './own-package.js';
import { errnoOf, reasonOf } from './system-error.js';

/** Path of the prebuilt addon for this machine, relative to the package. */
const PREBUILT = `prebuilds/${process.platform}-${process.arch}/kernel-identity.node`;

/** The exports of the compiled addon. */
export interface Addon {
  readonly processes: ProcessOperations;
  readonly files: FileOperations;
  readonly witness: Omit<WitnessOperations, 'isHeldThrough'>;
  readonly watch: WatchOperations;
  readonly lease: LeaseOperations;
  readonly lifeline: LifelineOperations;
  capabilities(): Capabilities;
  /** SHA-256 of the sources that it was built from; scripts/native-source-hash.mjs prints the same. */
  readonly sourceHash: string;
}

/**
 * Loads build/Release or the prebuilt binary for this platform.
 *
 * @throws {Error} saying why none loads; `cause` is the error of the loader.
 */
export function loadAddon(): Addon {
  if (process.platform !== 'linux') {
    throw new Error(`the native addon is for Linux; this is ${process.platform}`);
  }
  try {
    // import.meta is read here and not when this module is loaded, because some bundlers remove it.
    const here = import.meta.url;
    const require = createRequire(here);
    const file = findAddon(here, require);
    requireWhole(file);
    return require(file) as Addon;
  } catch (error) {
    throw new Error(`the native addon does not load: ${reasonOf(error)}`, { cause: error });
  }
}

/** @throws {Error} of {@link ownPackage} or node-gyp-build, which says where no addon was found. */
function findAddon(here: string, require: NodeJS.Require): string {
  // When a bundler has put this module into another file, the addon lies beside that file: docs/bundlers.md.
  const beside = fileURLToPath(new URL(`./${PREBUILT}`, here));
  if (existsSync(beside)) return beside;
  const { root } = ownPackage();
  // node-gyp-build is loaded only now, because the other backends need no addon.
  const { path } = require('node-gyp-build') as { path(root: string): string };
  return path(root);
}

/** @throws {Error} see {@link loadAddon} */
export function loadNativeBackend(): Backend {
  const { processes, files, witness, watch, lease, lifeline, capabilities } = loadAddon();
  let known: Capabilities | undefined;
  return {
    name: 'native',
    actsOnOpenDirectory: true,
    processes,
    files,
    witness: {
      ...witness,
      isHeldThrough(fd) {
        try {
          // To take what the description has already changes nothing.
          witness.take(fd);
          return true;
        } catch (error) {
          // EAGAIN: another description has it. EBADF: this one is not open for writing, as the owner's is.
          if (['EAGAIN', 'EACCES', 'EBADF'].includes(errnoOf(error) ?? '')) return false;
          throw error;
        }
      },
    },
    watch,
    lease,
    lifeline,
    capabilities: () => {
      known ??= capabilities();
      return known;
    },
  };
}
