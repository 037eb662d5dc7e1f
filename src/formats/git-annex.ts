import type { Format } from './format.js';
import { recordOnHost } from './pid-record.js';

const LOCK = /^PidLock \{lockingPid = (\d{1,10}), lockingHost = "([^"\n]{1,256})"\}\n?$/;

/** Reads `.git/annex/pidlock` (datalad/git-annex, Utility/LockFile/PidLock.hs). */
export const gitAnnex: Format = {
  name: 'git-annex',
  kinds: ['file'],
  names: (name) => name === 'pidlock',
  deletion: 'by its name',
  parse(source) {
    const [, pid, host] = LOCK.exec(source.text) ?? [];
    return recordOnHost('git-annex', source, host, pid);
  },
};
