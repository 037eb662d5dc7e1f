import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {import('./guest.mjs').Guest} Guest */
/** @typedef {import('./guest.mjs').GuestAgent} GuestAgent */
/** @typedef {{ guest: Guest, workers: GuestAgent[] }} Copy the workers that were started before, in their order */
/** @typedef {{ owner: GuestAgent, double: GuestAgent }} Twins a worker in the first copy, and the same in the second */

/**
 * Ends a machine, and resumes it twice.
 * @template T
 * @param {import('./clonable.mjs').Machine['save']} save
 * @param {string} work a directory for both
 * @param {(guest: Guest, sameAs: (agent: GuestAgent) => GuestAgent) => T} describe is called with each of the two, and with what
 * finds in it the process that was started before
 * @returns {Promise<[T, T]>}
 */
export async function copyTwice(save, work, describe) {
  const goOn = await save();
  const copy = async (/** @type {string} */ name) => {
    const place = join(work, name);
    mkdirSync(place);
    const guest = await goOn(place);
    return describe(guest, (agent) => guest.agent(agent.name, agent.pid));
  };
  return Promise.all([copy('a'), copy('b')]);
}

/**
 * Takes the next worker out of each copy.
 * @param {readonly [Copy, Copy]} copies
 * @returns {Twins}
 */
export function nextTwins([a, b]) {
  const [owner, double] = [a.workers.shift(), b.workers.shift()];
  if (owner === undefined || double === undefined) throw new Error('too few workers');
  return { owner, double };
}
