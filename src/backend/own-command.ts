import { realpathSync } from 'node:fs';
import { basename, delimiter, dirname, sep } from 'node:path';
import { shellQuoted } from '../text/shell-quote.js';
import { OWN_NAME, ownPackage } from './own-package.js';

/**
 * Words for a shell that start this package's own program, whatever stands in the PATH of the person who reads them. The
 * program names itself as it was called. The library names the file that is installed beside it, and never a name that
 * a package manager would look up, because anybody may register that.
 */
export function ownCommand(): string {
  let program: string;
  try {
    program = ownPackage().program;
  } catch {
    // A bundler has taken this package into another one, without its program.
    return OWN_NAME;
  }
  const called = process.argv[1];
  if (called === undefined || !isSame(called, program)) return `node ${shellQuoted(program)}`;
  if (basename(called) === basename(program)) return `node ${shellQuoted(called)}`;
  return isInPath(called) ? shellQuoted(basename(called)) : shellQuoted(called);
}

function isSame(a: string, b: string): boolean {
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false;
  }
}

/** npx and npm scripts add their folders to PATH, but not to that of the shell from which they were called. */
function isInPath(file: string): boolean {
  const folder = dirname(file);
  if (folder.endsWith(`${sep}.bin`)) return false;
  return (process.env.PATH ?? '').split(delimiter).includes(folder);
}
