// A job that cron starts again and again, and that must not overlap itself: `node cron-job.mjs LOCK`. A run that is
// still at work makes the next one skip its turn. A run that was killed does not.
import { setTimeout as sleep } from 'node:timers/promises';
import { onLockEvent, tryAcquireLock } from 'kernel-identity';

const [path = 'job.lock'] = process.argv.slice(2);

onLockEvent('reclaim', ({ owner, description }) => {
  console.log(`the run of pid ${owner?.pid} never ended (${description})`);
});

const lock = await tryAcquireLock(path, {
  label: 'report',
  expectedHold: 60_000,
  onWait({ owner, ownerAge, description, overdue }) {
    const age = ownerAge === null ? 'an unknown time' : `${Math.round(ownerAge / 1000)} s`;
    const line = `skipped: pid ${owner?.pid} has been at it for ${age} (${description})`;
    if (overdue) console.error(`${line}, longer than it should`);
    else console.log(line);
  },
});

if (lock !== null) {
  try {
    await work(lock.signal);
    console.log('done');
  } finally {
    await lock.release();
  }
}

/** Stands for the work of the job. It stops when the lock is lost. */
async function work(signal) {
  await sleep(Number(process.env.JOB_MS ?? 1_000), undefined, { signal });
}
