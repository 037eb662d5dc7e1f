import type { FileStatus } from '../../backend/backend.js';
import { RecentMap } from '../../recent-map.js';
import { Silence } from './silence.js';

/** The key is the device and inode of an owner.json. The one whose last look is the oldest is forgotten first. */
const remembered = new RecentMap<Silence>(1_000);

/**
 * What this thread has seen so far of the silence of a file. It outlives the waiter that saw it, so that a
 * program that tries once and again sees a lease run out as well as one that waits. The signature of each
 * look has to name the owner too, because another file may get the inode number.
 */
export function silenceOf({ device, inode }: FileStatus): Silence {
  const key = `${device}:${inode}`;
  const silence = remembered.get(key) ?? new Silence();
  remembered.set(key, silence);
  return silence;
}
