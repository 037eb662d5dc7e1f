import { statSync } from 'node:fs';
import type { BootId } from '../backend.js';
import { notKnown } from '../system-error.js';
import { readProcFile } from './proc-file.js';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** Reads the boot id of random(4), and checks whether the file is the kernel's own or one mounted over it. */
export function readBootId(): BootId | null {
  try {
    const { content, device } = readProcFile(BOOT_ID);
    const id = parseBootId(content);
    if (id === null) return null;
    return { id, native: device === statSync('/proc/self', { bigint: true }).dev };
  } catch (error) {
    return notKnown(error);
  }
}

/** null: this is no UUID. */
export function parseBootId(content: Buffer): string | null {
  const id = content.toString('latin1').replace(/\n$/, '').toLowerCase();
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(id) ? id : null;
}
