import { machineRecord, toHostname } from '../record/legacy-fields.js';
import { legacyOwnerRecord } from '../record/parse.js';
import { fileTime } from '../record/record-time.js';
import { type ForeignRecord, foreignRecord } from './format.js';

/** Name of the lock in the profile directory of Chromium and of the programs that are built on it. */
export const SINGLETON_LOCK = 'SingletonLock';

/** Reads `<hostname>-<pid>`. Chromium itself does not judge the pid of another host. */
export function parseChromiumSingleton(target: string, mtimeMs: number): ForeignRecord | null {
  const [, host, pid] = /^([^/]+)-(\d{1,20})$/.exec(target) ?? [];
  const hostname = toHostname(host);
  if (hostname === null) return null;
  const record = legacyOwnerRecord(Number(pid), {
    starttime: null,
    recordedAt: fileTime(mtimeMs),
    machine: machineRecord({ hostname, pidIsOfHost: true }),
  });
  return foreignRecord('chromium-singleton', record);
}
