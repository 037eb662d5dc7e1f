import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** This package as it lies on the disk. */
export interface OwnPackage {
  readonly root: string;
  readonly version: string;
}

/**
 * Finds the nearest package.json from here upward, whether this is a module in src/ or part of a file in dist/.
 *
 * @throws {Error} saying what is there: a bundler took this package into a file of another one.
 */
export function ownPackage(): OwnPackage {
  // Here, and not when this module is loaded: some bundlers leave nothing of import.meta.
  const here = fileURLToPath(import.meta.url);
  for (let folder = dirname(here); ; folder = dirname(folder)) {
    const path = join(folder, 'package.json');
    if (existsSync(path)) {
      const { name, version } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
      if (name === 'kernel-identity' && typeof version === 'string') return { root: folder, version };
      throw new Error(`${here} is part of another package: ${path}`);
    }
    if (folder === dirname(folder)) throw new Error(`${here} is part of no package`);
  }
}

/** `unknown` where a bundler took this package into a file of another one. */
export function packageVersion(): string {
  try {
    return ownPackage().version;
  } catch {
    return 'unknown';
  }
}
