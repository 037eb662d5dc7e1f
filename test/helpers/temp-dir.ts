import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onCleanup } from './cleanup.js';

/**
 * Makes a fresh directory, open to every user and removed after the test. `parent` chooses the filesystem.
 */
export function tempDir(parent = tmpdir()): string {
  const path = mkdtempSync(join(parent, 'kernel-identity-test-'));
  chmodSync(path, 0o777);
  onCleanup(() => rmSync(path, { recursive: true, force: true, maxRetries: 3 }));
  return path;
}
