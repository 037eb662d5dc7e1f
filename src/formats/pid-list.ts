import { readPid } from '../record/strangers-pid.js';
import type { Format } from './format.js';
import { pidRecord } from './pid-record.js';

const LIST = /^(?:\d{1,10}\n){2,64}$/;

/**
 * Reads the PID file of a server with several processes, one pid a line: haproxy with `nbproc` (haproxy/haproxy,
 * src/haproxy.c). The lock is held as long as one of them lives.
 */
export const pidList: Format = {
  name: 'pid-list',
  kinds: ['file'],
  names: (name) => name.endsWith('.pid'),
  deletion: 'named like a lock',
  parse(source) {
    if (!LIST.test(source.text)) return null;
    const [pid = '', ...others] = new Set(source.text.trimEnd().split('\n'));
    // A time, or a number in octal digits, is the sign of another format, and may say that the owner lives.
    if (others.some((other) => typeof readPid(other) === 'string')) return null;
    const otherPids = others.map((other, index) => ({ key: `line ${index + 2}`, pid: Number(other) }));
    return pidRecord('pid-list', source, pid, { otherPids });
  },
};
