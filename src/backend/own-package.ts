import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The name of the package and of its program. */
export const OWN_NAME = 'kernel-identity';

/** The installed package that this module belongs to. */
export interface OwnPackage {
  /** Path of the directory of its package.json. */
  readonly root: string;
  readonly version: string;
  /** Path of the file that is the program of this package. */
  readonly program: string;
}

/** The fields of a package.json that are read here. */
interface PackageJson {
  readonly name?: string;
  readonly version?: string;
  readonly bin?: Readonly<Record<string, string>>;
}

/**
 * Finds the nearest package.json from here upward. It works for this module in src/, and for its copy in the bundles of
 * dist/.
 *
 * @throws {Error} saying which package.json was found, when a bundler has taken this package into another one.
 */
export function ownPackage(): OwnPackage {
  // import.meta is read here and not when this module is loaded, because some bundlers remove it.
  const here = fileURLToPath(import.meta.url);
  for (let folder = dirname(here); ; folder = dirname(folder)) {
    const path = join(folder, 'package.json');
    if (existsSync(path)) {
      const { name, version, bin } = JSON.parse(readFileSync(path, 'utf8')) as PackageJson;
      if (name === OWN_NAME && version !== undefined && bin?.[OWN_NAME] !== undefined) {
        return { root: folder, version, program: join(folder, bin[OWN_NAME]) };
      }
      throw new Error(`${here} is part of another package: ${path}`);
    }
    if (folder === dirname(folder)) throw new Error(`${here} is part of no package`);
  }
}

/** The version of this package, or `unknown` when a bundler has taken it into another one. */
export function packageVersion(): string {
  try {
    return ownPackage().version;
  } catch {
    return 'unknown';
  }
}
