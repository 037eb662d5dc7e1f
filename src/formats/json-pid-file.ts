import { readLegacyFields } from '../record/legacy-fields.js';
import { legacyOwnerRecord } from '../record/parse.js';
import { Fields } from '../text/json-fields.js';
import { type ForeignRecord, foreignRecord, type NotRecognised } from './format.js';

/** As OpenClaw, Matrix, paseo and dev servers call it, and as kubo does. */
const PID_KEYS = ['pid', 'PID', 'OwnerPID', 'ownerPid'];

/** A JSON object with a pid in it, and whatever else helps to tell who that was. Never throws. */
export function parseJsonPidFile(text: string, mtimeMs: number): ForeignRecord | NotRecognised {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'a file of broken JSON';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'a file of JSON, but no object';
  const fields = new Fields(value);
  const pids = PID_KEYS.filter((key) => fields.has(key)).map((key) => fields.get(key));
  const [pid] = pids;
  if (pids.length === 0) return 'a file of JSON without a pid';
  if (pids.some((other) => other !== pid)) return 'a file of JSON with several pids';
  // Only in its directory can it be judged, and only with its directory may it go.
  if (fields.has('identity')) return 'a file with the record of a lock directory';
  return foreignRecord('json-pid-file', legacyOwnerRecord(pid, readLegacyFields(fields, mtimeMs)));
}
