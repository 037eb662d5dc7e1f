import { readdirSync, readlinkSync } from 'node:fs';

/** Inode by name (`pid`, `mnt`, `user`, `time`, ...) of the namespaces of this process; empty: not readable. */
export function readNamespaces(): Record<string, string> {
  const inodes: Record<string, string> = {};
  try {
    for (const name of readdirSync('/proc/self/ns').sort()) {
      const inode = /\[(\d+)\]$/.exec(readlinkSync(`/proc/self/ns/${name}`))?.[1];
      if (inode !== undefined) inodes[name] = inode;
    }
  } catch {
    // No /proc, or one in which this process has no number.
  }
  return inodes;
}
