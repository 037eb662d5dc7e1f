import { machineRecord, toHostname } from '../record/legacy-fields.js';
import { legacyOwnerRecord } from '../record/parse.js';
import { fileTime } from '../record/record-time.js';
import { type ForeignRecord, foreignRecord } from './format.js';

/** In the profile directory of Chromium and all that is built on it. */
export const SINGLETON_LOCK = 'SingletonLock';

/** `<hostname>-<pid>`. Chromium itself takes the pid of another host for one that it cannot judge. */
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
