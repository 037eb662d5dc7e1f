import { machineRecord, toBootId } from '../record/legacy-fields.js';
import { legacyOwnerRecord } from '../record/parse.js';
import { fileTime } from '../record/record-time.js';
import { toTicks } from '../record/ticks.js';
import { type ForeignRecord, foreignRecord } from './format.js';

const LINE = /^(\d{1,20}) (\d{1,15}) ([0-9A-Fa-f-]{36})(?:\r?\n)?$/;

/** Reads the line of Droidspaces: `<pid> <start ticks> <boot id>`. */
export function parseTicksLine(text: string, mtimeMs: number): ForeignRecord | null {
  const [, pid, ticks, id] = LINE.exec(text) ?? [];
  const bootId = toBootId(id);
  if (bootId === null) return null;
  const record = legacyOwnerRecord(Number(pid), {
    starttime: toTicks(Number(ticks)),
    recordedAt: fileTime(mtimeMs),
    machine: machineRecord({ bootId }),
  });
  return foreignRecord('ticks-line', record);
}
