import { networkInterfaces } from 'node:os';
import type { Format } from './format.js';
import { pidRecord } from './pid-record.js';

const LOCK = /^(\d{1,3}(?:\.\d{1,3}){3}):\+?(\d{1,10})$/;

/**
 * Reads the link `lock` in a profile of Firefox or Thunderbird: `<address>:<pid>`, with a `+` before the pid if its owner
 * also has a file lock on `.parentlock` beside it, which is then what counts for them (mozilla/gecko-dev,
 * toolkit/profile/nsProfileLock.cpp, LockWithSymlink). The address is the one to which the host's own name leads, which is
 * a loopback address on many machines and says nothing then.
 */
export const firefox: Format = {
  name: 'firefox',
  kinds: ['link'],
  names: (name) => name === 'lock',
  deletion: 'by its name',
  parse(source) {
    const [, address, pid] = LOCK.exec(source.text) ?? [];
    if (address === undefined || pid === undefined) return null;
    const said = isHere(address) ? {} : { machine: { hostname: address, pidIsOfHost: true } };
    return pidRecord('firefox', source, pid, said);
  },
};

function isHere(address: string): boolean {
  if (address.startsWith('127.')) return true;
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.some((own) => own.address === address);
}
