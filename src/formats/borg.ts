// The locks of Borg 1 (borgbackup/borg, src/borg/fslocking.py). Its host id is the host's name with its domain, and a
// number made of the address of a network card.

import type { PidClaim } from '../record/stranger-claims.js';
import { MAX_PID } from '../record/strangers-pid.js';
import { Fields } from '../text/json-fields.js';
import type { ForeignRecord, Format, NotRecognised, Source } from './format.js';
import { hostNamed, pidRecord } from './pid-record.js';

/** Most owners of a shared lock. */
const MAX_OWNERS = 64;
const HOST_ID = /^([^@/\n]{1,256})@\d{1,20}$/;
const ENTRY = /^([^/\n]{1,300})\.(\d{1,10})-[0-9a-f]{1,16}$/;

/** One of the processes that a lock names. */
interface Owner {
  readonly hostId: string;
  readonly pid: number;
}

/** Reads the directory lock.exclusive, in which each owner has an empty file `<host id>.<pid>-<thread>`. */
export const borgLock: Format = {
  name: 'borg-lock',
  kinds: ['directory'],
  names: (name) => name === 'lock.exclusive',
  deletion: 'by its name',
  entries: (entries) => entries.length > 0 && entries.every((entry) => ENTRY.test(entry)),
  parse(source) {
    return source.text === '' ? recordOf('borg-lock', source, source.entries.map(ownerOfEntry)) : null;
  },
};

/** Reads lock.roster, `{"shared": [[host id, pid, thread], ...]}`. */
export const borgRoster: Format = {
  name: 'borg-roster',
  kinds: ['file'],
  names: (name) => name === 'lock.roster',
  deletion: 'by its name',
  parse(source) {
    let value: unknown;
    try {
      value = JSON.parse(source.text);
    } catch {
      return 'a file of broken JSON';
    }
    if (typeof value !== 'object' || value === null) return null;
    const fields = new Fields(value);
    const lists = [fields.get('exclusive') ?? [], fields.get('shared') ?? []];
    const owners = lists.flatMap((list) => (Array.isArray(list) ? list.map(ownerOfList) : [null]));
    return recordOf('borg-roster', source, owners);
  },
};

function ownerOfEntry(entry: string): Owner | null {
  const [, hostId, pid] = ENTRY.exec(entry) ?? [];
  return hostId === undefined ? null : { hostId, pid: Number(pid) };
}

function ownerOfList(value: unknown): Owner | null {
  if (!Array.isArray(value)) return null;
  const [hostId, pid] = value as unknown[];
  return typeof hostId === 'string' && isProcessNumber(pid) ? { hostId, pid } : null;
}

function isProcessNumber(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= MAX_PID;
}

/** @param owners null stands for one that cannot be read. */
function recordOf(
  format: 'borg-lock' | 'borg-roster',
  source: Source,
  owners: readonly (Owner | null)[],
): ForeignRecord | NotRecognised | null {
  if (!owners.every((owner) => owner !== null)) return null;
  const [first, ...others] = owners;
  if (first === undefined) return 'a lock of Borg that names nobody';
  const machine = hostNamed(HOST_ID.exec(first.hostId)?.[1]);
  if (machine === null || owners.length > MAX_OWNERS) return null;
  if (others.some(({ hostId }) => hostId !== first.hostId))
    return 'a lock of Borg with owners on several hosts';
  const otherPids: PidClaim[] = others.map(({ pid }, index) => ({ key: `owner ${index + 2}`, pid }));
  return pidRecord(format, source, String(first.pid), { machine, otherPids });
}
