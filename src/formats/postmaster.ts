import { legacyOwnerRecord } from '../record/parse.js';
import { fileTime, timeOfSeconds } from '../record/record-time.js';
import { type ForeignRecord, foreignRecord, type SharedMemory } from './format.js';

/** Numbers of the lines, counted from 0 (PostgreSQL's utils/pidfile.h). */
const PID = 0;
const DATA_DIRECTORY = 1;
const START_TIME = 2;
const SHARED_MEMORY = 6;

/** Reads PostgreSQL's postmaster.pid, and the lock files beside its sockets, which begin alike. */
export function parsePostmaster(text: string, mtimeMs: number): ForeignRecord | null {
  const lines = text.split('\n');
  // A server that serves one user alone writes its pid as a negative number.
  const pid = /^-?(\d{1,20})$/.exec(lines[PID] ?? '')?.[1];
  const startTime = /^\d{1,12}$/.exec(lines[START_TIME] ?? '')?.[0];
  if (pid === undefined || startTime === undefined || !lines[DATA_DIRECTORY]?.startsWith('/')) return null;
  const recordedAt = timeOfSeconds(Number(startTime)) ?? fileTime(mtimeMs);
  const record = legacyOwnerRecord(Number(pid), { starttime: null, recordedAt, machine: null });
  return foreignRecord('postmaster', record, sharedMemoryIn(lines[SHARED_MEMORY]));
}

/** Reads key and id, which stand in columns. The server writes the line once it has its memory. */
function sharedMemoryIn(line: string | undefined): SharedMemory | null {
  const [, key, id] = /^ *(\d{1,20}) +(\d{1,10}) *$/.exec(line ?? '') ?? [];
  // A key above 2^31 is printed as a negative 64-bit number would be.
  return key === undefined ? null : { key: Number(BigInt.asUintN(32, BigInt(key))), id: Number(id) };
}
