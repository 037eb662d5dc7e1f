import { legacyOwnerRecord } from '../record/parse.js';
import { fileTime } from '../record/record-time.js';
import { type ForeignRecord, foreignRecord } from './format.js';

/** A decimal number alone, which `%d\n` and Xvfb's `%10d\n` print. */
const NUMBER = /^[ \t]*(\d{1,20})[ \t]*(?:\r?\n)?$/;

/**
 * Reads a pid and nothing else: Rails, celery beat, Apache, dbus, gunicorn, mongod, Xvfb, the AWS CDK, most
 * daemons.
 */
export function parseBarePid(text: string, mtimeMs: number): ForeignRecord | null {
  const digits = NUMBER.exec(text)?.[1];
  if (digits === undefined) return null;
  const recordedAt = fileTime(mtimeMs);
  const record = legacyOwnerRecord(Number(digits), { starttime: null, recordedAt, machine: null });
  return foreignRecord('bare-pid', record);
}
