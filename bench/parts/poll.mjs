import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { probeIdentity, watchOwner } from '../../dist/index.js';
import { atMost, atMostFloor } from '../harness/bars.mjs';
import { Floor, NO_COMPILER } from '../harness/floor.mjs';
import { measureGroup } from '../harness/group.mjs';
import { inBatches, onceATurn, oneByOne } from '../harness/sample.mjs';
import { startBelow } from './namespaces.mjs';

const OWN = 'OwnerWatch.alive';
const BELOW = 'OwnerWatch.alive, owner in a PID namespace below';
const EMPTY_LOOP = 'OwnerWatch.alive in an empty loop';
const BARE = 'getppid in C: a bare system call';
const BATCH = 1000;

/** How long a loop that asks again and again "does the owner still live?" takes for one answer. */
export async function measurePoll({ plan }) {
  const group = 'poll: does the owner still live?';
  const owner = spawn('sleep', ['600'], { stdio: 'ignore' });
  const below = await startBelow();
  const floor = Floor.start({ pid: owner.pid });
  const inC = (operation) => floor?.subject(operation, BATCH) ?? NO_COMPILER;
  const watch = watchOwner(probeIdentity(owner.pid));
  const watchBelow = typeof below === 'string' ? null : watchOwner(probeIdentity(below.pid));
  let deaths = 0;
  try {
    const rows = await measureGroup(
      {
        group,
        own: OWN,
        floor: BARE,
        subjects: {
          [OWN]: inBatches(BATCH, (count) => {
            for (let i = 0; i < count; i += 1) if (!watch.alive) deaths += 1;
          }),
          [EMPTY_LOOP]: inBatches(BATCH, (count) => {
            for (let i = 0; i < count && watch.alive; i += 1);
          }),
          [BELOW]:
            watchBelow === null
              ? below
              : inBatches(BATCH, (count) => {
                  for (let i = 0; i < count; i += 1) if (!watchBelow.alive) deaths += 1;
                }),
          'a word of memory in C': inC('memory-read'),
          [BARE]: inC('getppid'),
          'poll(pidfd) in C': inC('poll-pidfd'),
          'process.kill(pid, 0)': inBatches(BATCH / 10, (count) => {
            for (let i = 0; i < count; i += 1) process.kill(owner.pid, 0);
          }),
          'readFileSync(/proc/<pid>/stat)': oneByOne(() => readFileSync(`/proc/${owner.pid}/stat`, 'utf8')),
          'ps -o lstart=': hasPs()
            ? onceATurn(() => execFileSync('ps', ['-o', 'lstart=', '-p', String(owner.pid)]))
            : 'no ps',
        },
      },
      plan,
    );
    if (deaths > 0) throw new Error('the owner is said to be dead, but is not');
    return {
      rows,
      bars: [
        atMostFloor('a poll takes less than a bare system call', rows, OWN, 1),
        atMostFloor('so it does for an owner in another PID namespace', rows, BELOW, 1),
        atMost('a poll is a memory read: at most 15 ns', rows, OWN, 15),
        atMost('so it is where the compiler optimises an empty loop', rows, EMPTY_LOOP, 15),
      ],
    };
  } finally {
    watch.close();
    watchBelow?.close();
    owner.kill('SIGKILL');
    below.kill?.('SIGKILL');
    floor?.end();
  }
}

function hasPs() {
  return spawnSync('ps', ['-o', 'lstart=', '-p', String(process.pid)]).status === 0;
}
