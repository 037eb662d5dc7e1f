import type { Format } from './format.js';
import { pidRecord, recordOnHost } from './pid-record.js';

/** Reads gc.pid, `<pid> <host>` (git/git, builtin/gc.c, lock_repo_for_gc). git itself takes it over after 12 hours. */
export const gitGc: Format = {
  name: 'git-gc',
  kinds: ['file'],
  names: (name) => name === 'gc.pid',
  deletion: 'by its name',
  parse(source) {
    const [, pid, host] = /^(\d{1,10}) (\S{1,256})\n?$/.exec(source.text) ?? [];
    return recordOnHost('git-gc', source, host, pid);
  },
};

/**
 * Reads `X~pid.lock`, `pid <pid>`, which names the owner of `X.lock` for people where core.lockfilePid is set (git/git,
 * lockfile.c).
 */
export const gitPidFile: Format = {
  name: 'git-pid-file',
  kinds: ['file'],
  names: (name) => name.endsWith('~pid.lock'),
  deletion: 'by its name',
  parse(source) {
    const pid = /^pid (\d{1,10})\n?$/.exec(source.text)?.[1];
    return pid === undefined ? null : pidRecord('git-pid-file', source, pid);
  },
};
