// A fleet of processes that contend for one lock, of which one is killed again and again.
import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const MEMBER = fileURLToPath(new URL('member.cjs', import.meta.url));
const BETWEEN_KILLS_MS = 700;
const LONG_GAP_MS = 1_000;

/**
 * @typedef {object} Setting
 * @property {number} seconds
 * @property {number} holdMs about how long a member holds the lock. 0: without a pause, and it waits for the lock
 * @property {number} [most] acquisitions, after which it ends
 */

/**
 * @param {readonly string[]} modules of the members
 * @param {string} file
 * @param {Setting} setting
 */
export async function runFleet(modules, file, { seconds, holdMs, most = Number.POSITIVE_INFINITY }) {
  writeFileSync(file, '');
  const result = {
    got: 0,
    kills: 0,
    overlaps: 0,
    longestGapMs: 0,
    /** Times that nobody had the lock for longer than {@link LONG_GAP_MS}. */
    longGaps: 0,
    others: /** @type {Record<string, number>} */ ({}),
  };
  /** @type {Set<import('node:child_process').ChildProcess>} */
  const members = new Set();
  /** @type {Set<number>} */
  const killed = new Set();
  let isOver = false;
  let lastAt = 0;
  /** @param {string} module */
  const start = (module) => {
    const member = fork(MEMBER, [module, file, String(holdMs)]);
    members.add(member);
    member.on('message', (/** @type {string} */ what) => {
      if (what === 'got') {
        const now = performance.now();
        const gapMs = lastAt > 0 ? now - lastAt : 0;
        result.longestGapMs = Math.max(result.longestGapMs, gapMs);
        if (gapMs > LONG_GAP_MS) result.longGaps += 1;
        lastAt = now;
        result.got += 1;
      } else if (what.startsWith('overlap')) {
        // The kernel drops the lock of a killed process a moment before the process is gone.
        if (!killed.has(Number(what.split(' ')[1]))) result.overlaps += 1;
      } else result.others[what] = (result.others[what] ?? 0) + 1;
    });
    member.on('exit', () => {
      members.delete(member);
      if (!isOver) start(module);
    });
  };
  for (const module of modules) start(module);
  const end = performance.now() + seconds * 1_000;
  while (performance.now() < end && result.got < most) {
    await sleep(BETWEEN_KILLS_MS);
    const victim = [...members][Math.floor(Math.random() * members.size)];
    if (victim?.pid === undefined) continue;
    killed.add(victim.pid);
    victim.kill('SIGKILL');
    result.kills += 1;
  }
  isOver = true;
  for (const member of members) member.kill('SIGKILL');
  await Promise.all([...members].map((member) => new Promise((resolve) => member.once('exit', resolve))));
  return result;
}
