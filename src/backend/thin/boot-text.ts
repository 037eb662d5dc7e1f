import type { BootId } from '../backend.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The boot id that follows from what the addon writes of this boot.
 *
 * macOS has one (kern.bootsessionuuid). Windows has none: the id of the machine, the number of its boots and the time of
 * this one are put together. Their layout is not documented in full, so such an id is not called the kernel's own. Where
 * it is equal, it counts on a disk of this machine alone; where it differs, it proves nothing.
 */
export function parseBootText(text: string | null, platform: string): BootId | null {
  if (text === null) return null;
  if (platform !== 'win32') {
    const id = text.toLowerCase();
    return UUID.test(id) ? { id, native: true } : null;
  }
  // The hash keeps the id of the machine out of records, which anybody may read.
  const { createHash } = process.getBuiltinModule('node:crypto');
  const digits = createHash('sha256').update(text).digest('hex');
  const groups = [8, 12, 16, 20, 32].map((end, index, ends) => digits.slice(ends[index - 1] ?? 0, end));
  return { id: groups.join('-'), native: false };
}
