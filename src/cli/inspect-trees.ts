import { errnoOf } from '../backend/system-error.js';
import { NotALockError } from '../errors.js';
import { inspectLockSync } from '../lock/inspect.js';
import type { InspectOptions } from '../lock/protocol/assess.js';
import { stdoutPaint } from './colour.js';
import { type FailedPath, failedPath, type JsonForm, type Looks, looksOf } from './each-path.js';
import { findLocks, type Search } from './find-locks.js';
import { textWidth, wrap } from './format/layout.js';
import { type InspectedPath, printInspectionsJson, printTable } from './inspected-paths.js';
import { print } from './output.js';

/** Judges the locks in directory trees and prints their states, and how much was left out. */
export function inspectTrees(
  roots: readonly string[],
  options: InspectOptions,
  form: JsonForm | null,
): Looks<InspectedPath> {
  const search = findLocks(roots);
  const entries: (InspectedPath | FailedPath)[] = [];
  let nameless = 0;
  for (const path of search.paths) {
    try {
      const inspection = inspectLockSync(path, options);
      if (inspection.format !== 'none') entries.push({ path, inspection });
      // A lock that is free now vanished after the search found it.
      else if (inspection.state !== 'free') nameless++;
    } catch (error) {
      if (error instanceof NotALockError) nameless++;
      // ENOENT: the lock vanished after the search found it, together with its directory.
      else if (errnoOf(error) !== 'ENOENT') entries.push(failedPath(path, error));
    }
  }
  for (const { path, error } of search.errors) entries.push(failedPath(path, error));
  const looks = looksOf(entries);
  if (form !== null) {
    printInspectionsJson(looks, form);
  } else {
    const { results } = looks;
    printTable(results, 0, stdoutPaint());
    print(describeSearch(search, nameless, entries.length - results.length));
  }
  return looks;
}

/** How much was searched and what was left out, so that a reader can judge whether these are all locks. */
function describeSearch(search: Search, nameless: number, errors: number): string {
  const leftOut = [
    [errors, 'unreadable path', 'unreadable paths'],
    [nameless, 'file that names no owner', 'files that name no owner'],
    [search.links, 'symbolic link', 'symbolic links'],
    [search.kernelFilesystems, 'kernel filesystem', 'kernel filesystems'],
    [search.emptyDirectories, 'empty directory named like a lock', 'empty directories named like locks'],
    [search.privateDirectories, 'private directory', 'private directories'],
  ] as const;
  const parts = leftOut
    .filter(([count]) => count > 0)
    .map(([count, one, several]) => `${count} ${count === 1 ? one : several}`);
  const searched = `${search.names} ${search.names === 1 ? 'name' : 'names'} searched`;
  return wrap(`${searched}${parts.length === 0 ? '' : `; left out: ${parts.join(', ')}`}`, textWidth()).join(
    '\n',
  );
}
