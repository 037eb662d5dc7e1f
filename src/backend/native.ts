/** The C++ addon as a backend. Its functions are used as they are, without any JavaScript in between. */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requireWhole } from './addon-file.js';
import type {
  Backend,
  Capabilities,
  Capability,
  DirectoryWitnessOperations,
  FileOperations,
  LeaseOperations,
  LifelineOperations,
  ProcessOperations,
  WatchOperations,
  WitnessOperations,
} from './backend.js';
import { ownPackage } from './own-package.js';
import { errnoOf, reasonOf } from './system-error.js';

/** The addon that `npm run build` makes in a clone, relative to the package. What is published holds none. */
const BUILT = 'build/Release/kernel_identity.node';

/** The prebuilt addon for this machine, relative to the package. It is for glibc and for musl. */
const PREBUILT = `prebuilds/${process.platform}-${process.arch}/kernel-identity.node`;

/** The exports of the compiled addon. */
export interface Addon {
  readonly processes: ProcessOperations;
  readonly files: FileOperations;
  readonly witness: Omit<WitnessOperations, 'isHeldThrough'>;
  readonly directoryWitness: DirectoryWitnessOperations;
  readonly watch: WatchOperations;
  readonly lease: LeaseOperations;
  readonly lifeline: LifelineOperations;
  capabilities(): Omit<Capabilities, 'lossEvents'>;
  /** Probes that capability at the first call, which may take 20 ms: the kernel is slow to end the trial watch. */
  lossEvents(): Capability;
  /** Fills the array by getrandom(2), without which Node itself does not start. */
  fillRandom(bytes: Uint8Array): void;
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
    const file = findAddon(here);
    requireWhole(file);
    return createRequire(here)(file) as Addon;
  } catch (error) {
    throw new Error(`the native addon does not load: ${reasonOf(error)}`, { cause: error });
  }
}

/**
 * Returns the path of the addon, which follows from that of this module alone: settings of npm and variables such as
 * npm_config_arch must not change which code is loaded. `PREBUILDS_ONLY` in the environment leaves out the build of a
 * clone, so that the tests can test what is published.
 *
 * @throws {Error} saying that there is none, or that of {@link ownPackage}.
 */
function findAddon(here: string): string {
  // When a bundler has put this module into another file, the addon lies beside that file: docs/bundlers.md.
  const beside = fileURLToPath(new URL(`./${PREBUILT}`, here));
  if (existsSync(beside)) return beside;
  const { root } = ownPackage();
  const places = process.env.PREBUILDS_ONLY ? [PREBUILT] : [BUILT, PREBUILT];
  const found = places.map((place) => join(root, place)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`no such file: ${join(root, PREBUILT)}`);
  return found;
}

/** @throws {Error} see {@link loadAddon} */
export function loadNativeBackend(): Backend {
  const addon = loadAddon();
  const { processes, files, witness, directoryWitness, watch, lease, lifeline } = addon;
  const { capabilities, lossEvents, fillRandom } = addon;
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
    openWitness: null,
    directoryWitness,
    watch,
    lease,
    lifeline,
    fillRandom,
    capabilities: () => {
      known ??= {
        ...capabilities(),
        // This one is probed when it is asked for, because no lock needs it, and the probe takes longer than a lock.
        get lossEvents() {
          return lossEvents();
        },
      };
      return known;
    },
  };
}
