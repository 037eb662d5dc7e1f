// Takes and releases a lock again and again, on whatever system it runs, until it is killed. Reports to the process that
// forked it:
//   { got: true }     it has the lock
//   { overlap: true } another process was inside as well
//   { lost: text }    it no longer had the lock at the end, though nobody may take it from a living owner
//   { error: text }   a call failed
// Arguments: the directory; `flawed`: its tests of the witness say that every owner is dead; `sweeper`: it ends
// after 5 s, for the sweep of one acquisition judges only as much as 5 ms allow.
import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { api, currentBackend } from '../helpers/internals.mjs';
import { exclusive } from './exclusive.mjs';

const [directory, how] = process.argv.slice(2);
const lockPath = join(directory, 'x.lock');
const oracle = join(directory, 'oracle');
/**
 * ms. Two owners meet in a section only if it lasts for longer than an acquisition takes. That can be a second under Wine
 * on a busy machine, so the control stays for longer.
 */
const LONGEST_SECTION = how === 'flawed' ? 2_000 : 60;
/** ms that the system may need to take apart a process that was killed. */
const LATE = 30;
/**
 * ms; longer than the grace of an empty directory, which an acquirer leaves that is killed between the mkdir and the rename
 * of its lock. A lease is longer, so that an owner whose death only its lease shows makes an error.
 */
const TIMEOUT = 45_000;

/**
 * ms. Where inode numbers are reused at once, as under Wine, a robbed owner keeps the witness of its successor, who then
 * has a lease alone. The control must not wait for it.
 */
const lease = how === 'flawed' ? 1_000 : 90_000;

if (how === 'flawed') {
  const { witness } = currentBackend();
  witness.test = () => 'free';
  // Otherwise the owner's own look at its witness would refuse it.
  witness.testAt = () => 'held';
}

/** The descriptor of a file that one process at a time can open so; null when another has it open. */
function enter() {
  const until = performance.now() + LATE;
  for (;;) {
    try {
      return openSync(oracle, constants.O_RDWR | constants.O_CREAT | exclusive(process.platform), 0o666);
    } catch (error) {
      if (error.code !== 'EBUSY' && error.code !== 'EAGAIN') throw error;
      if (performance.now() > until) return null;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}

async function visit() {
  const lock = await api.acquireLock(lockPath, { timeout: TIMEOUT, lease });
  const descriptor = enter();
  if (descriptor === null) process.send?.({ overlap: true });
  process.send?.({ got: true });
  await sleep(LONGEST_SECTION * Math.random());
  if (descriptor !== null) closeSync(descriptor);
  try {
    if (!lock.verify()) throw lock.signal.reason;
    await lock.release();
  } catch (error) {
    process.send?.({ lost: error.message });
  }
}

const ends = how === 'sweeper' ? performance.now() + 5_000 : Number.POSITIVE_INFINITY;
do {
  try {
    await visit();
  } catch (error) {
    process.send?.({ error: `${error.code}: ${error.message}` });
  }
} while (performance.now() < ends);
