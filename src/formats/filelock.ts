// The soft locks of Python's filelock (tox-dev/filelock).
import type { Format, Source } from './format.js';
import { isNamedLikeLock } from './lock-word.js';
import { hostNamed, pidRecord, type Said } from './pid-record.js';

const FIRST = /^(\d{1,10})\n(?!\d+\n)([^\s/]{1,256})\n(?:(\d{1,60})\n)?$/;
/** Far longer than any marker. */
const MAX_LENGTH = 4096;
const MODES: ReadonlySet<string | undefined> = new Set(['exclusive', 'lease']);

/** Reads `<pid>\n<host>\n`, and since version 3.25 a token of the owner's start (src/filelock/_soft.py). */
export const filelock: Format = {
  name: 'filelock',
  kinds: ['file'],
  names: isNamedLikeLock,
  deletion: 'named like a lock',
  parse(source) {
    const [, pid, host, token] = FIRST.exec(source.text) ?? [];
    return pid === undefined ? null : markerOf('filelock', source, pid, host, token);
  },
};

/**
 * Reads the marker of the second protocol: the line `filelock/2`, then `key=value` (src/filelock/_marker.py). The lease in
 * it bounds how long the lock is good; a dead owner's is broken before that.
 */
export const filelock2: Format = {
  name: 'filelock-2',
  kinds: ['file'],
  names: isNamedLikeLock,
  deletion: 'named like a lock',
  parse(source) {
    if (!source.text.startsWith('filelock/2\n') || source.text.length > MAX_LENGTH) return null;
    const values = new Map(source.text.split('\n').slice(1, -1).map(pairOf));
    const pid = values.get('pid') ?? '';
    // filelock itself never breaks the lock of a mode that it does not know.
    if (!/^\d{1,10}$/.test(pid) || !MODES.has(values.get('mode'))) return null;
    return markerOf('filelock-2', source, pid, values.get('host'), values.get('start'));
  },
};

function pairOf(line: string): readonly [string, string] {
  const [key = '', value = ''] = line.split(/=(.*)/s, 2);
  return [key, value];
}

function markerOf(
  format: 'filelock' | 'filelock-2',
  source: Source,
  pid: string,
  host: string | undefined,
  token: string | undefined,
) {
  const machine = hostNamed(host);
  if (machine === null) return null;
  const start: Said = token !== undefined && /^\d{1,60}$/.test(token) ? startOf(BigInt(token)) : {};
  return pidRecord(format, source, pid, { ...start, machine: { ...machine, ...start.machine } });
}

/** The token is the boot id as a number of 128 bits, followed by 64 bits of start ticks (src/filelock/_identity.py). */
function startOf(token: bigint): Said {
  const ticks = BigInt.asUintN(64, token);
  if (ticks === 0n || ticks > BigInt(Number.MAX_SAFE_INTEGER)) return {};
  const id = (token >> 64n).toString(16);
  if (id === '0') return { starttime: Number(ticks) };
  if (id.length > 32) return {};
  const bootId = id.padStart(32, '0').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  return { starttime: Number(ticks), machine: { bootId } };
}
