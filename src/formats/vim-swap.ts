import type { Format } from './format.js';
import { hostNamed, pidRecord } from './pid-record.js';

/** Offsets and sizes, in bytes, in the first block of a swap file (vim/vim, src/memline.c, struct block0). */
const PID = 24;
const HOST = 68;
const HOST_SIZE = 40;
const HEAD = HOST + HOST_SIZE;

/**
 * Reads the swap file of Vim. It is never deleted, whatever became of its owner: it holds the text that its user has not
 * saved, and Vim asks its user what to do with it.
 */
export const vimSwap: Format = {
  name: 'vim-swap',
  kinds: ['file'],
  names: (name) => /\.sw[a-z]$/.test(name),
  deletion: 'never',
  readsHead: true,
  parse(source) {
    const head = Buffer.from(source.bytes.subarray(0, HEAD));
    if (head.length < HEAD || head.toString('latin1', 0, 6) !== 'b0VIM ') return null;
    const host = head.toString('latin1', HOST, HEAD).split('\0', 1)[0];
    const machine = hostNamed(host);
    const pid = head.readUInt32LE(PID);
    // Vim writes 0 where it does not know its pid.
    if (machine === null || pid === 0) return 'a swap file of Vim that names no process';
    return pidRecord('vim-swap', source, String(pid), { machine });
  },
};
