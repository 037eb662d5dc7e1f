import type { Format } from './format.js';
import { recordOnHost } from './pid-record.js';

/** The lock `.#name` stands beside the file `name` that is being edited. */
const NAME = /^\.#./su;

/** The last @ and the last dot count. U+F022 stands for a colon where the filesystem allows none. */
const LOCK = /^[^/\n]*@([^/\n@]+)\.(\d{1,20})(?:[:\uf022](\d{1,12}))?$/;

/** Longest text that can be a lock: a name, a host and two numbers. */
const MAX_LENGTH = 1024;

/**
 * Reads `user@host.pid:boot` (emacs-mirror/emacs, src/filelock.c). The number at the end is when the machine was booted,
 * in s since the epoch. It is not when the lock was taken, and every process is younger, so the mtime of the link stands
 * in for the time of the record. Where there are no symbolic links, Emacs writes a file.
 */
export const emacs: Format = {
  name: 'emacs',
  kinds: ['link', 'file'],
  names: (name) => NAME.test(name),
  deletion: 'by its name',
  parse(source) {
    if (source.text.length > MAX_LENGTH) return null;
    const [, host, pid, boot] = LOCK.exec(source.text.trim()) ?? [];
    const bootTimeMs = boot === undefined || Number(boot) === 0 ? null : Number(boot) * 1000;
    return recordOnHost('emacs', source, host, pid, { bootTimeMs });
  },
};
