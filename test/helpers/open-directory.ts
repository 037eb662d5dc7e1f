import type { Descriptor } from '../../src/backend/descriptor.js';

/** Opens a directory that the test has made, with the files of a backend or of the addon. */
export function openDirectory(
  files: { findDirectoryAt(directory: number, name: string): number | null },
  directory: number,
  name: string,
): Descriptor {
  const opened = files.findDirectoryAt(directory, name);
  if (opened === null) throw new Error(`no directory '${name}'`);
  return opened as Descriptor;
}
