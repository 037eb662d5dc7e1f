/** The C++ addon as a backend. Its functions are used as they are: no JavaScript stands in between. */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { ownPackage } from '../own-package.js';
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
import { reasonOf } from './system-error.js';

/** Where the addon for this machine is, from where the prebuilt ones are. */
const PREBUILT = `prebuilds/${process.platform}-${process.arch}/kernel-identity.node`;

/** What the compiled addon exports. */
export interface Addon {
  readonly processes: ProcessOperations;
  readonly files: FileOperations;
  readonly witness: WitnessOperations;
  readonly watch: WatchOperations;
  readonly lease: LeaseOperations;
  readonly lifeline: LifelineOperations;
  capabilities(): Capabilities;
  /** SHA-256 of the sources that it was built from, as scripts/native-source-hash.mjs prints it. */
  readonly sourceHash: string;
}

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
    // Here, and not when this module is loaded: some bundlers leave nothing of import.meta.
    const here = import.meta.url;
    const require = createRequire(here);
    const file = findAddon(here, require);
    requireWhole(file);
    return require(file) as Addon;
  } catch (error) {
    throw new Error(`the native addon does not load: ${reasonOf(error)}`, { cause: error });
  }
}

/** @throws {Error} saying where there is none. */
function findAddon(here: string, require: NodeJS.Require): string {
  // A bundler puts this module into a file of its own, and the addon is laid beside that: docs/bundlers.md.
  const beside = fileURLToPath(new URL(`./${PREBUILT}`, here));
  if (existsSync(beside)) return beside;
  const { root } = ownPackage();
  // Loaded only now: another backend needs neither the addon nor what finds it.
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
    witness,
    watch,
    lease,
    lifeline,
    capabilities: () => {
      known ??= capabilities();
      return known;
    },
  };
}
