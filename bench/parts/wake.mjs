import { atMost } from '../harness/bars.mjs';
import { compiled } from '../harness/compiled.mjs';
import { NO_COMPILER } from '../harness/floor.mjs';
import { missingRow, row } from '../harness/group.mjs';
import { holdOld, holdOurs } from '../harness/owners.mjs';
import { summary } from '../harness/statistics.mjs';
import { loadPeer } from '../peers/load.mjs';
import { costOfWaiting } from '../wake/idle.mjs';
import { afterKill, afterKillByTimeout, afterRelease, deletions } from '../wake/rounds.mjs';

const MS = 1e6;
const ASYNC = 'kernel-identity, acquireLock';
const SYNC = 'kernel-identity, acquireLockSync';
const MANY = 100;

/** Measures the time from the moment at which a lock becomes free until a waiter has it. */
export async function measureWake({ quick, directory }) {
  const setting = quick
    ? { directory, rounds: 12, slowRounds: 3, locks: 0, pauseMs: 10 }
    : // There are so many rounds that p99 is not simply the longest delay.
      { directory, rounds: 300, slowRounds: 20, locks: 50, pauseMs: 20 };
  return wakeRows(setting, '', !quick);
}

/**
 * Measures wake-ups after a release and after the death of the owner.
 * @param where a text that is added to the headings.
 * @param withTimeouts whether to wait the 10 s after which proper-lockfile takes an owner for dead.
 * @param withFresh whether to measure waiters, too, that wait for the first time in their process.
 */
export async function wakeRows(setting, where, withTimeouts, withFresh = false) {
  // A poller finds the lock free at a random moment of its interval, after half of it on average.
  const slow = { ...setting, rounds: setting.slowRounds, pauseMs: 100 };
  const peer = await loadPeer('proper-lockfile');
  const compiler = compiled('wake/mortal') === null ? NO_COMPILER : null;

  const released = `wake after release${where}`;
  const rows = new Rows();
  rows.add(released, ASYNC, await afterRelease(setting, 'async'));
  rows.add(released, SYNC, await afterRelease(setting, 'sync'));
  if (withFresh) {
    rows.add(released, `${ASYNC}, first of its process`, await afterRelease(setting, 'async', true));
    rows.add(released, `${SYNC}, first of its process`, await afterRelease(setting, 'sync', true));
  }
  const proper = 'proper-lockfile, retry every 100 ms';
  if (typeof peer === 'string') rows.miss(released, proper, peer);
  else rows.add(released, proper, await afterRelease(slow, 'proper-lockfile'));
  rows.add(released, 'mkdir and kill(pid, 0) every 100 ms', await afterRelease(slow, 'poller'));

  const killed = `wake after SIGKILL of the owner${where}`;
  const add = async (name, obstacle, measure) => {
    const reason = compiler ?? obstacle;
    if (typeof reason === 'string') return rows.miss(killed, name, reason);
    const { fromDeath, fromKill } = await measure();
    rows.add(killed, name, fromDeath);
    if (name === ASYNC) rows.add(killed, '    from the call of kill(2) on', fromKill);
  };
  await add(ASYNC, null, () => afterKill(setting, 'async', holdOurs));
  await add(SYNC, null, () => afterKill(setting, 'sync', holdOurs));
  await add(`${ASYNC}, an older program's lock`, null, () => afterKill(setting, 'async', holdOld));
  if (withTimeouts) {
    await add('proper-lockfile, stale after 10 s', peer, () =>
      afterKillByTimeout(setting, 'proper-lockfile'),
    );
  }
  await add('mkdir and kill(pid, 0) every 100 ms', null, () => afterKill(slow, 'poller', holdOld));
  rows.add(killed, '(unlink and rmdir of what it left, alone)', deletions(setting));

  const bars = [released, killed].flatMap((group) => {
    const own = rows.list.filter((one) => one.group === group);
    return [ASYNC, SYNC].flatMap((name) => [
      atMost(`${group}, ${name.split(' ').at(-1)}: p50 <= 1 ms`, own, name, MS),
      atMost(`${group}, ${name.split(' ').at(-1)}: p99 <= 5 ms`, own, name, 5 * MS, 'p99'),
    ]);
  });
  return { rows: rows.list, bars };
}

/** Rows of delays. The ratio of a row is to the first row of its group. */
class Rows {
  list = [];

  add(group, name, delays) {
    const { p50, p99, samples } = summary(delays);
    const own = this.list.find((one) => one.group === group)?.p50 ?? p50;
    this.list.push(row({ group, name, p50, p99, ratio: own > 0 && p50 > 0 ? p50 / own : null, samples }));
  }

  miss(group, name, reason) {
    this.list.push(missingRow(group, name, reason));
  }
}

const ONE = 'one waiter, acquireLock';
const ONE_SYNC = 'one waiter, acquireLockSync';
const CROWD = `${MANY} waiters in one process`;
// There are no more processes than that, because the kernel gives a user 128 inotify instances, and a process that gets
// none has to poll.
const CROWDS = `${MANY} processes, acquireLockSync`;

/** Measures the CPU time of waiting, in % of a core. */
export async function measureIdle({ quick, directory }) {
  const group = 'CPU time of waiting';
  if (quick) return { rows: [missingRow(group, ONE, 'not with --quick', '%')], bars: [] };
  if (compiled('wake/mortal') === null) return { rows: [missingRow(group, ONE, NO_COMPILER, '%')], bars: [] };
  const ms = 10_000;
  const used = await costOfWaiting(
    directory,
    {
      [ONE]: { way: 'async', hold: holdOurs, processes: 1, locks: 1 },
      [ONE_SYNC]: { way: 'sync', hold: holdOurs, processes: 1, locks: 1 },
      [CROWD]: { way: 'async', hold: holdOurs, processes: 1, locks: MANY },
      [CROWDS]: { way: 'sync', hold: holdOurs, processes: MANY, locks: 1 },
      'one that asks mkdir and kill(pid, 0) every 100 ms': {
        way: 'poller',
        hold: holdOld,
        processes: 1,
        locks: 1,
      },
    },
    ms,
  );
  const own = used[ONE];
  const rows = Object.entries(used).map(([name, percent]) =>
    row({ group, name, unit: '%', p50: percent, ratio: own === 0 ? null : percent / own }),
  );
  return {
    rows,
    bars: [
      ...[ONE, ONE_SYNC].map((name) => atMost(`${name}: less than 0.1 % of a core`, rows, name, 0.1)),
      ...[CROWD, CROWDS].map((name) => atMost(`${name}: less than 1 % of a core`, rows, name, 1)),
    ],
  };
}
