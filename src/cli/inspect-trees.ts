import { relative, resolve } from 'node:path';
import { errnoOf } from '../backend/system-error.js';
import { NotALockError } from '../errors.js';
import { inspectLockSync, type LockInspection } from '../lock/inspect.js';
import type { InspectOptions } from '../lock/protocol/assess.js';
import { stdoutPaint } from './colour.js';
import type { Looks } from './each-path.js';
import { findLocks, type Search } from './find-locks.js';
import { formatTable, summarise } from './format/format-table.js';
import { WIDTH, wrap } from './format/layout.js';
import { complain, inspectionJson, print, printJson } from './output.js';

/** Judges the locks in directory trees and prints their states, and how much was left out. */
export function inspectTrees(
  roots: readonly string[],
  options: InspectOptions,
  json: boolean,
): Looks<LockInspection> {
  const search = findLocks(roots);
  const results: LockInspection[] = [];
  const errors = [...search.errors];
  let nameless = 0;
  for (const path of search.paths) {
    try {
      const inspection = inspectLockSync(path, options);
      if (inspection.format !== 'none') results.push(inspection);
      // A lock that is free now vanished after the search found it.
      else if (inspection.state !== 'free') nameless++;
    } catch (error) {
      if (error instanceof NotALockError) nameless++;
      // ENOENT: the lock vanished after the search found it, together with its directory.
      else if (errnoOf(error) !== 'ENOENT') errors.push(error as Error);
    }
  }
  for (const { message } of errors) complain(message);
  if (json) {
    printJson(results.map(inspectionJson));
  } else {
    if (results.length > 0) print(formatTable(results, shortener(roots), stdoutPaint()));
    print(summarise(results, 0));
    print(describeSearch(search, nameless, errors.length));
  }
  return { results, failed: errors.length > 0 };
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
  return wrap(`${searched}${parts.length === 0 ? '' : `; left out: ${parts.join(', ')}`}`, WIDTH).join('\n');
}

/** A search of a single tree shows paths relative to its root. */
function shortener(roots: readonly string[]): (path: string) => string {
  const [root, ...others] = roots;
  if (root === undefined || others.length > 0) return (path) => path;
  return (path) => relative(resolve(root), path) || path;
}
