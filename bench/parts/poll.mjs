import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { inspectLockSync, probeIdentity, watchOwner } from '../../dist/index.js';
import { atMost, atMostFloor } from '../harness/bars.mjs';
import { compiled } from '../harness/compiled.mjs';
import { Floor, NO_COMPILER } from '../harness/floor.mjs';
import { measureGroup, missingRow, row } from '../harness/group.mjs';
import { elsewhere, inBatches, onceATurn, oneByOne } from '../harness/sample.mjs';
import { newPath } from '../harness/scratch.mjs';
import { summary } from '../harness/statistics.mjs';
import { byProcess, byWitness, deathsSeen } from '../poll/deaths.mjs';
import { boxedScript, whyNoNamespaces } from '../poll/namespaces.mjs';
import { BATCH, pollSubject } from '../poll/subject.mjs';

const OWN = 'OwnerWatch.alive';
const EMPTY_LOOP = 'OwnerWatch.alive, the condition of an empty loop';
const BELOW = 'OwnerWatch.alive, lock of a container below';
const BESIDE = 'OwnerWatch.alive, lock of a sibling container';
const BARE = 'getppid in C: a bare system call';

/** Measures one poll of a loop that checks again and again whether the owner still lives. */
export async function measurePoll({ quick, directory, plan }) {
  const owner = spawn('sleep', ['600'], { stdio: 'ignore' });
  const containers = await startContainers(directory);
  const floor = Floor.start({ pid: owner.pid });
  const inC = (operation) => floor?.subject(operation, BATCH) ?? NO_COMPILER;
  const watch = watchOwner(probeIdentity(owner.pid));
  try {
    const polls = await measureGroup(
      {
        group: 'poll: does the owner still live?',
        own: OWN,
        floor: BARE,
        subjects: {
          [OWN]: pollSubject(watch),
          [EMPTY_LOOP]: inBatches(BATCH, (count) => {
            for (let i = 0; i < count && watch.alive; i += 1);
          }),
          ...containers.subjects,
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
    const deaths = await deathRows(quick ? 10 : 200, directory);
    return {
      rows: [...polls, ...deaths],
      bars: [
        atMostFloor('a poll takes less than a bare system call', polls, OWN, 1),
        atMostFloor('so it does for the owner of a lock in a container below', polls, BELOW, 1),
        atMostFloor('so it does for the owner of a lock in a sibling container', polls, BESIDE, 1),
        atMost('a poll is a memory read: <= 15 ns', polls, OWN, 15),
        atMost('so it is where the compiler optimises an empty loop', polls, EMPTY_LOOP, 15),
      ],
    };
  } finally {
    watch.close();
    owner.kill('SIGKILL');
    floor?.end();
    containers.end();
  }
}

/**
 * Starts the owner of a lock in a PID namespace of its own. The subjects watch it from the namespace above, and from
 * another namespace beside it.
 */
async function startContainers(directory) {
  const obstacle = await whyNoNamespaces();
  if (obstacle !== null) return { subjects: { [BELOW]: obstacle, [BESIDE]: obstacle }, end() {} };
  const path = newPath(directory);
  const owner = boxedScript('wake/contender.mjs', 'sync');
  await owner.until('ready');
  owner.send({ command: 'acquire', path });
  await owner.until('acquired');
  const watch = watchOwner(inspectLockSync(path).owner);
  const sibling = boxedScript('poll/watcher.mjs', path);
  await sibling.until('ready');
  return {
    subjects: { [BELOW]: pollSubject(watch), [BESIDE]: elsewhere(sibling, 'poll', BATCH) },
    end() {
      watch.close();
      sibling.kill();
      owner.kill();
    },
  };
}

/** Measures how late a loop that does nothing but poll sees a death. */
async function deathRows(rounds, directory) {
  const group = 'a death, seen by a loop that polls';
  const ways = { 'a watched process': byProcess, "a watched lock's witness": () => byWitness(directory) };
  const rows = [];
  for (const [name, start] of Object.entries(ways)) {
    if (compiled('wake/mortal') === null) {
      rows.push(missingRow(group, name, NO_COMPILER));
      continue;
    }
    const { p50, p99, samples } = summary(await deathsSeen(rounds, start));
    rows.push(row({ group, name, p50, p99, ratio: p50 / (rows[0]?.p50 ?? p50), samples }));
  }
  return rows;
}

function hasPs() {
  return spawnSync('ps', ['-o', 'lstart=', '-p', String(process.pid)]).status === 0;
}
