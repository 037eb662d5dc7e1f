import type { Format } from './format.js';
import { recordOnHost } from './pid-record.js';

const LOCK = /^([^:/\n]{1,256})(?:\/([0-9a-f]{1,16}))?:(\d{1,10})$/;

/**
 * Reads the locks of Mercurial, `.hg/wlock` and `.hg/store/lock`: a link, or a file where there are none, with
 * `<host>/<inode of the PID namespace, in hexadecimal>:<pid>` (saschazepter/hg, mercurial/lock.py, _getlockprefix).
 */
export const mercurial: Format = {
  name: 'mercurial',
  kinds: ['link', 'file'],
  names: (name) => name === 'wlock' || name === 'lock',
  deletion: 'by its name',
  parse(source) {
    const [, host, namespace, pid] = LOCK.exec(source.text) ?? [];
    const pidNamespace = namespace === undefined ? null : String(BigInt(`0x${namespace}`));
    return recordOnHost('mercurial', source, host, pid, { pidNamespace });
  },
};
