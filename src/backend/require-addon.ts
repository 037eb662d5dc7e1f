import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requireWhole } from './addon-file.js';
import { ownPackage } from './own-package.js';
import { reasonOf } from './system-error.js';

/** The prebuilt addon for this machine, relative to the package. On Linux it is for glibc and for musl. */
const PREBUILT = `prebuilds/${process.platform}-${process.arch}/kernel-identity.node`;

/**
 * Loads the addon for this machine.
 *
 * @param built where a clone has one that it has built itself, relative to the package; it is preferred.
 * @throws {Error} saying why none loads; `cause` is the error of the loader.
 */
export function requireAddon(built: readonly string[]): unknown {
  try {
    // import.meta is read here and not when this module is loaded, because some bundlers remove it.
    const here = import.meta.url;
    const file = findAddon(here, built);
    requireWhole(file);
    return createRequire(here)(file);
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
function findAddon(here: string, built: readonly string[]): string {
  // When a bundler has put this module into another file, the addon lies beside that file: docs/bundlers.md.
  const beside = fileURLToPath(new URL(`./${PREBUILT}`, here));
  if (existsSync(beside)) return beside;
  const { root } = ownPackage();
  const places = process.env.PREBUILDS_ONLY ? [PREBUILT] : [...built, PREBUILT];
  const found = places.map((place) => join(root, place)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`no such file: ${join(root, PREBUILT)}`);
  return found;
}
