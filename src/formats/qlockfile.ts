import { toBootId } from '../record/legacy-fields.js';
import { toHostId } from '../record/machine-record.js';
import type { Format } from './format.js';
import { isNamedLikeLock } from './lock-word.js';
import { hostNamed, pidRecord } from './pid-record.js';

const LOCK = /^(\d{1,10})\n(?!\d+\n)[^\n]{1,256}\n([^\s/]{0,256})\n(?:([^\n]{0,64})\n([^\n]{0,64})\n)?$/;

/**
 * Reads the lock of Qt's QLockFile, which qBittorrent, KeePassXC and others use: pid, program, host, and since Qt 5.10
 * machine-id(5) and boot id (qt/qtbase, src/corelib/io/qlockfile.cpp). For Qt the machine id stands over the host name.
 */
export const qlockfile: Format = {
  name: 'qlockfile',
  kinds: ['file'],
  names: isNamedLikeLock,
  deletion: 'named like a lock',
  parse(source) {
    const [, pid, host, machineId, id] = LOCK.exec(source.text) ?? [];
    if (pid === undefined) return null;
    const machine = { ...hostNamed(host), hostId: toHostId(machineId), bootId: toBootId(id) };
    return pidRecord('qlockfile', source, pid, { machine });
  },
};
