import { statSync } from 'node:fs';
import { sep } from 'node:path';
import { requireEntryName } from '../arguments.js';
import type { FileStatus } from '../backend.js';
import type { Descriptor } from '../descriptor.js';
import { fileStatus, isSameFile } from '../file-status.js';
import { isSystemError, type Subject, systemError } from '../system-error.js';
import type { Handle, HandleTable } from './handles.js';

/** Names in open directories. An empty name stands for the directory itself. */
export type Entries = readonly [descriptor: Descriptor, name: string][];
/** The paths that such names have at the moment. */
export type Paths<Names extends Entries> = { [Name in keyof Names]: string };

/**
 * Makes a call of node:fs, which takes paths, on names in open directories. It checks before and after the
 * call that each path leads to the directory that was opened. In the microseconds in between another
 * directory can take its place. In that case the change made there is undone, and the call fails with ENOENT,
 * like a call in a directory that is gone.
 * @param undo undoes what `call` did.
 */
export function callByPath<T, Names extends Entries>(
  handles: HandleTable,
  names: readonly [...Names],
  syscall: string,
  call: (paths: Paths<Names>) => T,
  undo?: (paths: Paths<Names>, result: T) => void,
): T {
  const directories = names.map(([descriptor]) => handles.get(descriptor, syscall));
  const paths = names.map(([, name], index) => pathOf(directories[index] as Handle, name)) as Paths<Names>;
  try {
    if (!directories.every(lookFor)) throw systemError('ENOENT', syscall);
    const result = call(paths);
    if (directories.every(lookFor)) return result;
    try {
      undo?.(paths, result);
    } catch {
      // Nothing is left to undo: the change was made in the right directory, and is gone with it.
    }
    throw systemError('ENOENT', syscall);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw systemError(error.code, syscall, subjectOf(names.map(([, name]) => name)));
  }
}

/** The present status of a handle's file. null when its path leads nowhere any more, or to another file. */
export function lookFor({ path, status }: Handle): FileStatus | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (found === undefined) return null;
  const current = fileStatus(found);
  return isSameFile(current, status) ? current : null;
}

function subjectOf([path, dest]: readonly string[]): Subject {
  return { ...(path === undefined || path === '' ? {} : { path }), ...(dest === undefined ? {} : { dest }) };
}

function pathOf({ path }: Handle, name: string): string {
  // join() would remove a ".." in the path of the directory by text, and a link before it may lead elsewhere.
  return name === '' ? path : path + sep + requireEntryName(name);
}
