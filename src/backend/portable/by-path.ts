import { statSync } from 'node:fs';
import { join } from 'node:path';
import { requireEntryName } from '../arguments.js';
import type { FileStatus } from '../backend.js';
import type { Descriptor } from '../descriptor.js';
import { fileStatus } from '../file-status.js';
import { isSystemError, type Subject, systemError } from '../system-error.js';
import type { Handle, HandleTable } from './handles.js';

/** Names in open directories (an empty name: the directory itself), and the paths that they have at the moment. */
export type Entries = readonly [descriptor: Descriptor, name: string][];
export type Paths<Names extends Entries> = { [Name in keyof Names]: string };

/**
 * Makes a call of Node's, which takes paths, on names in directories. Whether each path still leads to the directory that
 * was opened is seen before the call and after it. In between, some microseconds, another directory can come in its
 * place. Then what was done there is taken back, and the call fails as in a directory that is gone, with ENOENT.
 * @param undo takes back what `call` did.
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
      // Then it happened in the directory that was meant, and is gone with it.
    }
    throw systemError('ENOENT', syscall);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw systemError(error.code, syscall, subjectOf(names.map(([, name]) => name)));
  }
}

/** What a handle's path leads to. null: nothing any more, or something else. */
export function lookFor({ path, status }: Handle): FileStatus | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (found === undefined) return null;
  const { dev, ino } = found;
  return String(dev) === status.device && String(ino) === status.inode ? fileStatus(found) : null;
}

function subjectOf([path, dest]: readonly string[]): Subject {
  return { ...(path === undefined || path === '' ? {} : { path }), ...(dest === undefined ? {} : { dest }) };
}

function pathOf({ path }: Handle, name: string): string {
  return name === '' ? path : join(path, requireEntryName(name));
}
