import type { Format } from './format.js';
import { pidRecord } from './pid-record.js';

/**
 * Reads Tahoe-LAFS's running.process: the pid, and the start of its process in s since the epoch as psutil gives it
 * (tahoe-lafs/tahoe-lafs, src/allmydata/util/pid.py).
 */
export const tahoe: Format = {
  name: 'tahoe',
  kinds: ['file'],
  names: (name) => name === 'running.process',
  deletion: 'by its name',
  parse(source) {
    const [, pid, start] = /^(\d{1,10}) (\d{9,11}(?:\.\d{1,9})?)\n?$/.exec(source.text) ?? [];
    if (pid === undefined || start === undefined) return null;
    return pidRecord('tahoe', source, pid, { starts: [{ key: 'start', value: Number(start) }] });
  },
};
