import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dumpDiagnostics } from '../../dist/index.js';

const made = [];
process.on('exit', () => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true });
});

/** The name of the filesystem that a directory is on; null when it is not known. */
export function filesystemOf(directory) {
  const { locks } = dumpDiagnostics({ locks: [join(directory, 'any.lock')] });
  return locks[0].filesystem?.type ?? null;
}

/**
 * Returns a directory in memory if there is one, because a deletion on a disk takes longer than everything that is
 * measured here.
 */
export function defaultParent() {
  return filesystemOf('/dev/shm') === 'tmpfs' ? '/dev/shm' : tmpdir();
}

/** Makes a new directory, which is removed when this process ends. */
export function makeScratch(parent) {
  const directory = mkdtempSync(join(parent, 'kernel-identity-bench-'));
  made.push(directory);
  return directory;
}

/** Makes a directory inside another one. */
export function makeFolder(directory, name) {
  const folder = join(directory, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

let paths = 0;
/** Returns the path of a lock that does not exist yet. */
export function newPath(directory) {
  paths += 1;
  return join(directory, `${paths}.lock`);
}
