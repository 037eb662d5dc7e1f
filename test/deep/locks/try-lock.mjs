import { contend, inherit, leaveAlone, meansOf } from './situations.mjs';

/** ms */
const LEASE = 1_000;

/**
 * The expected result of a lock on a filesystem: the means that keep it, or the errors with which it may be
 * refused.
 * @typedef {object} Expectation
 * @property {string} name
 * @property {string} type the package's name for it
 * @property {'witness' | 'witness and lease' | 'lease' | readonly string[]} means
 */

/**
 * A lock is held, inherited from a killed owner, then taken in turns by three agents, some of which are
 * killed.
 * @param {Expectation} filesystem
 * @param {string} path
 * @param {() => Promise<import('./agent.mjs').Agent>} start agents that do not see each other's processes
 * @param {number} durationMs of the turns
 * @returns {Promise<import('../frame/report.mjs').Findings>}
 */
export async function tryLock({ name, type, means }, path, start, durationMs) {
  const names = { runtime: name, situation: 'a lock' };
  try {
    const [owner, heir] = [await start(), await start()];
    const { value, error } = await owner.ask('acquire', { path, options: { lease: LEASE, timeout: 5_000 } });
    if (typeof means !== 'string' || error !== undefined) {
      await Promise.all([owner.kill(), heir.kill()]);
      const result = error === undefined ? 'acquired' : `refused: ${error.message.split(',')[0]}`;
      const isExpected = typeof means !== 'string' && means.includes(error?.code ?? '');
      const isClear = error?.message.includes(path) ?? false;
      const failures = isExpected && isClear ? [] : [`expected ${means}, naming the lock: ${error?.message}`];
      return { ...names, result, failures };
    }
    const failures = [];
    if (meansOf(value) !== means) failures.push(`stands on ${meansOf(value)}, not on ${means}`);
    if (value.filesystem !== type) failures.push(`is called ${value.filesystem}`);
    const left = await leaveAlone(owner, heir, path, LEASE);
    const ms = await inherit(owner, heir, path, LEASE);
    await heir.kill();
    const turns = await contend({ starts: [start, start, start], path, lease: LEASE, durationMs, kills: 2 });
    return {
      ...names,
      result: `${means}; ${turns.entries} turns of three, ${turns.killed} killed`,
      ms: [ms],
      thefts: left.thefts + turns.thefts,
      wedges: turns.wedges,
      failures: [...failures, ...left.failures, ...turns.failures],
    };
  } catch (error) {
    // The error may also be that of the watchdog.
    return { ...names, result: 'broke off', failures: [String(error)] };
  }
}
