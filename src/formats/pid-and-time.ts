import { toWallTime } from '../record/wall-time.js';
import type { Format } from './format.js';
import { isNamedLikeLock } from './lock-word.js';
import { pidRecord } from './pid-record.js';

const LOCK = /^(\d{1,10})\n(\d{4}-\d\d-\d\dT[\d:.]{5,20}(?:Z|[+-]\d\d:\d\d))\n?$/;

/** Reads a pid, and in the next line when the lock was taken, in ISO 8601 (garrytan/gbrain#2840). */
export const pidAndTime: Format = {
  name: 'pid-and-time',
  kinds: ['file'],
  names: isNamedLikeLock,
  deletion: 'named like a lock',
  parse(source) {
    const [, pid, text] = LOCK.exec(source.text) ?? [];
    const time = toWallTime(text);
    if (pid === undefined || time === null) return null;
    return pidRecord('pid-and-time', source, pid, { writtenAt: { ...time, source: 'record' } });
  },
};
