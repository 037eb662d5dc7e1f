import type { Format } from './format.js';
import { pidRecord } from './pid-record.js';

/** Reads deluged.pid, `<pid>;<port>` (deluge-torrent/deluge, deluge/core/daemon.py). */
export const deluge: Format = {
  name: 'deluge',
  kinds: ['file'],
  names: (name) => name.endsWith('.pid'),
  deletion: 'named like a lock',
  parse(source) {
    const pid = /^(\d{1,10});\d{1,5}\n?$/.exec(source.text)?.[1];
    return pid === undefined ? null : pidRecord('deluge', source, pid);
  },
};
