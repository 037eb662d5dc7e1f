// dist/index.cjs holds what nearly every program needs of the library. The rest stands in a second file beside it, which is
// loaded at its first use: scripts/two-parts.mjs makes both, and says what stands where. Nothing in src/ imports this module.
import { isShortage } from './backend/system-error.js';
import { PackageReplacedError } from './errors.js';

/** What the second file exports. */
interface SecondFile {
  /** The same in both files of one build. */
  readonly build: string;
  /** @param first what it needs of the modules in the first file, by their paths. */
  readonly make: (first: object) => object;
}

let part: object | undefined;
let load: () => object;

/** The functions of the second part. An error is not remembered here; Node remembers a file that was loaded. */
export function secondPart(): object {
  part ??= load();
  return part;
}

export function setLoader(loader: () => object): void {
  load = loader;
}

/**
 * Loads the second part. Between the start of this process and its first use, an installation may have put another
 * version in its place, or removed it.
 * @param build what the second file must say of itself.
 * @throws PackageReplacedError (ERR_PACKAGE_REPLACED); EMFILE, ENFILE or ENOMEM where descriptors or memory have run out.
 */
export function partOf(require: () => SecondFile, build: string, first: object): object {
  let file: SecondFile;
  try {
    file = require();
  } catch (error) {
    if (isShortage(error)) throw error;
    throw new PackageReplacedError('is missing or damaged', { cause: error });
  }
  if (file.build !== build) throw new PackageReplacedError('is of another version');
  return file.make(first);
}
