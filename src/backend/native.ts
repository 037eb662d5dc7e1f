/** The C++ addon as a backend. Its functions are used as they are, without any JavaScript in between. */

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
import { requireAddon } from './require-addon.js';
import { errnoOf } from './system-error.js';

/** The addon that `npm run build` makes in a clone, relative to the package. What is published holds none. */
const BUILT = 'build/Release/kernel_identity.node';

/** The exports of the compiled addon. */
export interface Addon {
  readonly processes: ProcessOperations;
  readonly files: FileOperations;
  readonly witness: Omit<WitnessOperations, 'isHeldThrough'>;
  readonly directoryWitness: DirectoryWitnessOperations;
  readonly watch: Omit<WatchOperations, 'reportsChanges'>;
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
  if (process.platform !== 'linux') throw new Error(`this addon is for Linux; this is ${process.platform}`);
  return requireAddon([BUILT]) as Addon;
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
    watch: { ...watch, reportsChanges: true },
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
