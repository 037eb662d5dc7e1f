import { readFileSync } from 'node:fs';
import type { SharedMemory } from './format.js';

/**
 * The number of processes attached to a System V shared memory segment of this IPC namespace. null when there
 * is no such segment, or when that is not known.
 */
export function attachedTo({ key, id }: SharedMemory): number | null {
  try {
    return attachedIn(readFileSync('/proc/sysvipc/shm', 'latin1'), { key, id });
  } catch {
    return null;
  }
}

/**
 * Reads that number from the text of /proc/sysvipc/shm (sysvipc(7)): key, shmid, perms, size, cpid, lpid,
 * nattch, ...
 */
export function attachedIn(text: string, { key, id }: SharedMemory): number | null {
  for (const line of text.split('\n')) {
    const columns = line.trim().split(/ +/);
    // The kernel prints the key as a signed number, and PostgreSQL writes it as an unsigned one.
    if (columns[1] === String(id) && Number(columns[0]) >>> 0 === key) return Number(columns[6]);
  }
  return null;
}
