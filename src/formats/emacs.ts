import { machineRecord, toHostname } from '../record/legacy-fields.js';
import { legacyOwnerRecord } from '../record/parse.js';
import { fileTime } from '../record/record-time.js';
import { type ForeignRecord, foreignRecord } from './format.js';

/** The lock `.#name` stands beside the file `name` that is being edited. */
export const EMACS_PREFIX = '.#';

/** The last @ and the last dot count. U+F022 stands for a colon where the filesystem allows none. */
const LOCK = /^[^/\n]*@([^/\n@]+)\.(\d{1,20})(?:[:\uf022](\d{1,12}))?$/;

/**
 * Reads `user@host.pid:boot`. The number at the end is when the machine was booted, in s since the epoch. It
 * is not when the lock was taken, and every process is younger, so the mtime of the link stands in for the
 * time of the record.
 */
export function parseEmacs(content: string, mtimeMs: number): ForeignRecord | null {
  const [, host, pid, boot] = LOCK.exec(content) ?? [];
  const hostname = toHostname(host);
  if (hostname === null) return null;
  const bootTimeMs = boot === undefined || Number(boot) === 0 ? null : Number(boot) * 1000;
  const record = legacyOwnerRecord(Number(pid), {
    starttime: null,
    recordedAt: fileTime(mtimeMs),
    machine: machineRecord({ hostname, pidIsOfHost: true, bootTimeMs }),
  });
  return foreignRecord('emacs', record);
}
