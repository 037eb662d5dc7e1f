import { fixture, startProcess, type TestProcess } from './processes.js';

/**
 * Starts a process that locks the file as test/fixtures/file-lock.py says, such as `posix:read:0:0`, and holds the locks
 * until it is killed.
 */
export async function lockFile(path: string, ...locks: readonly string[]): Promise<TestProcess> {
  const holder = await startProcess(['python3', fixture('file-lock.py'), path, ...locks]);
  await holder.message();
  return holder;
}
