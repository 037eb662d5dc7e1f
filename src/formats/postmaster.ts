import { timeOfSeconds } from '../record/record-time.js';
import type { Format, SharedMemory } from './format.js';
import { pidRecord } from './pid-record.js';

/** Numbers of the lines, counted from 0 (postgres/postgres, src/include/utils/pidfile.h). */
const PID = 0;
const DATA_DIRECTORY = 1;
const START_TIME = 2;
const SHARED_MEMORY = 6;

export const POSTMASTER_PID = 'postmaster.pid';
const NAME = /^(?:postmaster\.pid|\.s\.PGSQL\.\d{1,5}\.lock)$/;

/**
 * Reads PostgreSQL's postmaster.pid, and the lock files beside its sockets, which begin alike. Those say nothing of the
 * server's shared memory, so their second line leads to the postmaster.pid that does.
 */
export const postmaster: Format = {
  name: 'postmaster',
  kinds: ['file'],
  names: (name) => NAME.test(name),
  deletion: 'by its name',
  parse(source) {
    const lines = source.text.split('\n', SHARED_MEMORY + 1);
    // A server that serves one user alone writes its pid as a negative number.
    const pid = /^-?(\d{1,20})$/.exec(lines[PID] ?? '')?.[1];
    const startTime = /^\d{1,12}$/.exec(lines[START_TIME] ?? '')?.[0];
    const directory = lines[DATA_DIRECTORY] ?? '';
    if (pid === undefined || startTime === undefined || !directory.startsWith('/')) return null;
    const writtenAt = timeOfSeconds(Number(startTime));
    const isSocketLock = source.name !== POSTMASTER_PID;
    return pidRecord(
      'postmaster',
      source,
      pid,
      { writtenAt },
      {
        sharedMemory: sharedMemoryIn(lines[SHARED_MEMORY]),
        dataDirectory: isSocketLock && !directory.includes('\0') ? directory : null,
      },
    );
  },
};

/** Reads key and id, which stand in columns. The server writes the line once it has its memory. */
function sharedMemoryIn(line: string | undefined): SharedMemory | null {
  const [, key, id] = /^ {0,20}(\d{1,20}) {1,20}(\d{1,10}) {0,20}$/.exec(line ?? '') ?? [];
  // A key above 2^31 is printed as a negative 64-bit number would be.
  return key === undefined ? null : { key: Number(BigInt.asUintN(32, BigInt(key))), id: Number(id) };
}
