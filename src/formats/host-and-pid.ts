// Programs that write their host and their pid in one line, each with separators of its own.
import type { Format } from './format.js';
import { isNamedLikeLock } from './lock-word.js';
import { recordOnHost } from './pid-record.js';

/** Reads rtorrent.lock, `<host>:+<pid>` (rakshasa/rtorrent, src/utils/lockfile.cc). */
export const rtorrent: Format = {
  name: 'rtorrent',
  kinds: ['file'],
  names: isNamedLikeLock,
  deletion: 'named like a lock',
  parse(source) {
    const [, host, pid] = /^([^:\s]{1,256}):\+(\d{1,10})\n?$/.exec(source.text) ?? [];
    return recordOnHost('rtorrent', source, host, pid);
  },
};

/** Reads the dotlocks of Dovecot, `<pid>:<host>` (dovecot/core, src/lib/file-dotlock.c). */
export const dovecot: Format = {
  name: 'dovecot',
  kinds: ['file'],
  names: isNamedLikeLock,
  deletion: 'named like a lock',
  parse(source) {
    const [, pid, host] = /^(\d{1,10}):([^:\s]{1,256})\n?$/.exec(source.text) ?? [];
    return recordOnHost('dovecot', source, host, pid);
  },
};
