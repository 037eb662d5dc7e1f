/** The C++ addon as a backend. Its functions are used as they are: no JavaScript stands in between. */

import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { requireWhole } from './addon-file.js';
import type {
  Backend,
  Capabilities,
  FileOperations,
  LeaseOperations,
  ProcessOperations,
  WatchOperations,
  WitnessOperations,
} from './backend.js';
import { reasonOf } from './reason.js';

/** What the compiled addon exports. */
export interface Addon {
  readonly processes: ProcessOperations;
  readonly files: FileOperations;
  readonly witness: WitnessOperations;
  readonly watch: WatchOperations;
  readonly lease: LeaseOperations;
  capabilities(): Capabilities;
  /** SHA-256 of the sources that it was built from, as scripts/native-source-hash.mjs prints it. */
  readonly sourceHash: string;
}

/** The same number of levels up from src/backend and from dist/backend. */
const PACKAGE_ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Loads build/Release or the prebuilt binary for this platform.
 *
 * @throws {Error} saying why there is none that loads; `cause` is what the loader said.
 */
export function loadAddon(): Addon {
  if (process.platform !== 'linux') {
    throw new Error(`the native addon is for Linux; this is ${process.platform}`);
  }
  try {
    // Loaded only when asked for: another backend needs neither the addon nor its loader.
    const require = createRequire(import.meta.url);
    const { path } = require('node-gyp-build') as { path(root: string): string };
    const file = path(PACKAGE_ROOT);
    requireWhole(file);
    return require(file) as Addon;
  } catch (error) {
    throw new Error(`the native addon does not load: ${reasonOf(error)}`, { cause: error });
  }
}

/** @throws {Error} see {@link loadAddon} */
export function loadNativeBackend(): Backend {
  const { processes, files, witness, watch, lease, capabilities } = loadAddon();
  let known: Capabilities | undefined;
  return {
    name: 'native',
    actsOnOpenDirectory: true,
    processes,
    files,
    witness,
    watch,
    lease,
    capabilities: () => {
      known ??= capabilities();
      return known;
    },
  };
}
