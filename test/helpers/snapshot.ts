import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Describes everything below a directory: inode, type, permissions, and content or target, by relative path.
 * If two snapshots are equal, nothing was deleted, replaced, written or added in between.
 */
export function snapshot(root: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()) {
    found[name] = describe(join(root, name));
  }
  return found;
}

function describe(path: string): string {
  const stats = lstatSync(path);
  const start = `inode ${stats.ino} mode ${stats.mode.toString(8)}`;
  if (stats.isSymbolicLink()) return `${start} -> ${readlinkSync(path)}`;
  if (!stats.isFile()) return start;
  return `${start} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`;
}
