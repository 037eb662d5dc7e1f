import type { Format } from './format.js';
import { recordOnHost } from './pid-record.js';

/** The pid stands in ten columns, which is how this is known from the other formats with a host in the second line. */
const LOCK = /^(?=[ \d]{10}\n)( {0,9}\d{1,10})\n(?!\d+\n)([^\s/]{1,256})\n$/;
/** The lock, and the file of which it is a hard link. */
const NAME = /\.lock$|^\.#lk0x[0-9a-f]{1,16}\./;

/** Reads the dotlock of GnuPG (gpg/gnupg, common/dotlock.c). Of another host it waits for ever. */
export const gnupg: Format = {
  name: 'gnupg',
  kinds: ['file'],
  names: (name) => NAME.test(name),
  deletion: 'by its name',
  parse(source) {
    const [, pid, host] = LOCK.exec(source.text) ?? [];
    return recordOnHost('gnupg', source, host, pid);
  },
};
