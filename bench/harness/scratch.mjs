import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dumpDiagnostics } from '../../dist/index.js';

const made = [];
process.on('exit', () => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true });
});

/** Name of the filesystem that a directory is on; null: there is none. */
export function filesystemOf(directory) {
  const { locks } = dumpDiagnostics({ locks: [join(directory, 'any.lock')] });
  return locks[0].filesystem?.type ?? null;
}

/** A directory in memory, where there is one: deletions on a disk take longer than all that is measured here. */
export function defaultParent() {
  return filesystemOf('/dev/shm') === 'tmpfs' ? '/dev/shm' : tmpdir();
}

/** A fresh directory, removed when this process ends. */
export function makeScratch(parent) {
  const directory = mkdtempSync(join(parent, 'kernel-identity-bench-'));
  made.push(directory);
  return directory;
}

/** A fresh directory inside another one. */
export function makeFolder(directory, name) {
  const folder = join(directory, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

let paths = 0;
/** The path of a lock that does not exist yet. */
export function newPath(directory) {
  paths += 1;
  return join(directory, `${paths}.lock`);
}
