import type { Format } from './format.js';
import { pidRecord } from './pid-record.js';

/** Reads mysqlx.sock.lock, `X<pid>` (docker-library/mysql#887). The server's own mysqld.sock.lock is a bare pid. */
export const mysqlx: Format = {
  name: 'mysqlx',
  kinds: ['file'],
  names: (name) => name.endsWith('.lock'),
  deletion: 'named like a lock',
  parse(source) {
    const pid = /^X(\d{1,10})\n?$/.exec(source.text)?.[1];
    return pid === undefined ? null : pidRecord('mysqlx', source, pid);
  },
};
