import { readLegacyFields } from '../record/legacy-fields.js';
import { legacyOwnerRecord } from '../record/parse.js';
import { Fields } from '../text/json-fields.js';
import { type ForeignRecord, foreignRecord, type NotRecognised } from './format.js';

/**
 * Keys of the pid: that of OpenClaw, Matrix, paseo and dev servers, and those of other programs, such as
 * kubo.
 */
const PID_KEYS = ['pid', 'PID', 'OwnerPID', 'ownerPid'];

/** Reads a JSON object with a pid in it, and the fields that help to identify its process. Never throws. */
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
  // Such a record can be judged only in its directory, and be deleted only together with it.
  if (fields.has('identity')) return 'a file with the record of a lock directory';
  return foreignRecord('json-pid-file', legacyOwnerRecord(pid, readLegacyFields(fields, mtimeMs)));
}
