import { onTestFinished } from 'vitest';
import type { Backend, FileOperations, Filesystem } from '../../src/backend/backend.js';

/** Makes the backend report a filesystem of `type` for every file, until the test is over. */
export function pretendFilesystem({ files }: Backend, type: string): void {
  const filesystem: Filesystem = { type, fsid: null };
  const createAt = files.createAt.bind(files);
  const openText = files.openText.bind(files);
  put(files, 'filesystem', () => filesystem);
  put(files, 'createAt', (...at) => ({ ...createAt(...at), filesystem }));
  put(files, 'openText', (...at) => {
    const opened = openText(...at);
    return opened === null ? null : { ...opened, filesystem };
  });
}

function put<Name extends keyof FileOperations>(
  files: FileOperations,
  name: Name,
  operation: FileOperations[Name],
): void {
  const own = Object.getOwnPropertyDescriptor(files, name);
  files[name] = operation;
  onTestFinished(() => {
    if (own !== undefined) Object.defineProperty(files, name, own);
    else delete (files as Partial<FileOperations>)[name];
  });
}
