import type { FileStatus } from '../../backend/backend.js';
import { Silence } from './silence.js';

/** Most files whose silence is remembered. The one whose last look is the oldest is forgotten first. */
const MAX_REMEMBERED = 1_000;

/** The key is the device and inode of an owner.json. The oldest look comes first. */
const remembered = new Map<string, Silence>();

/**
 * What this thread has seen so far of the silence of a file. It outlives the waiter that saw it, so that a
 * program that tries once and again sees a lease run out as well as one that waits. The signature of each
 * look has to name the owner too, because another file may get the inode number.
 */
export function silenceOf({ device, inode }: FileStatus): Silence {
  const key = `${device}:${inode}`;
  const silence = remembered.get(key) ?? new Silence();
  remembered.delete(key);
  remembered.set(key, silence);
  if (remembered.size > MAX_REMEMBERED) remembered.delete(remembered.keys().next().value as string);
  return silence;
}
