import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execute } from './foreground.mjs';
import { makeRoot } from './root.mjs';

/**
 * Makes a place for large files of a part: in memory, where deletion is quicker. It ends with the part. The
 * volumes with the locks stay on disk.
 * @param {string} directory of the part
 * @param {Parameters<typeof makeRoot>[1]} [contents] of the root file system
 * @returns {{ scratch: string, root: string }} an empty directory, and a root file system
 */
export function prepare(directory, contents) {
  const memory = join(directory, 'memory');
  mkdirSync(memory);
  execute(['mount', '-t', 'tmpfs', '-o', 'size=2g', 'tmpfs', memory]);
  const [scratch, root] = [join(memory, 'scratch'), join(memory, 'root')];
  mkdirSync(scratch);
  mkdirSync(root);
  makeRoot(root, contents);
  return { scratch, root };
}
