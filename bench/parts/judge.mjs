import { spawn } from 'node:child_process';
import { compareIdentities, inspectLockSync, judgeOwner, probeIdentity } from '../../dist/index.js';
import { atMost, atMostFloor } from '../harness/bars.mjs';
import { Floor, GONE_PID, NO_COMPILER } from '../harness/floor.mjs';
import { measureGroup, row } from '../harness/group.mjs';
import { startContender } from '../harness/owners.mjs';
import { inBatches, oneByOne } from '../harness/sample.mjs';
import { newPath } from '../harness/scratch.mjs';

/** One judgement of a record that is already in memory, with no descriptor held. */
export async function measureJudge({ directory, plan }) {
  const path = newPath(directory);
  const owner = await startContender('sync');
  owner.send({ command: 'acquire', path });
  await owner.until('acquired');
  const record = inspectLockSync(path).owner;
  const dead = { ...record.identity, pid: GONE_PID };
  const floor = Floor.start({ pid: owner.pid });
  const DEAD_BATCH = 100;
  try {
    const living = await measureGroup(
      {
        group: 'judge a record: its owner lives',
        own: 'judgeOwner(record)',
        floor: 'pidfd_open, fstat, poll, close in C',
        subjects: {
          'judgeOwner(record)': oneByOne(() => judgeOwner(record)),
          'judgeOwner(identity)': oneByOne(() => judgeOwner(record.identity)),
          'pidfd_open, fstat, poll, close in C': floor?.subject('judge', 1) ?? NO_COMPILER,
        },
      },
      plan,
    );
    const gone = await measureGroup(
      {
        group: 'judge a record: its owner is gone',
        own: 'judgeOwner(identity)',
        floor: 'pidfd_open in C',
        subjects: {
          'judgeOwner(identity)': inBatches(DEAD_BATCH, (count) => {
            for (let i = 0; i < count; i += 1) judgeOwner(dead);
          }),
          'pidfd_open in C': floor?.subject('judge-gone', DEAD_BATCH) ?? NO_COMPILER,
        },
      },
      plan,
    );
    const limit = 1.5;
    return {
      rows: [...living, ...gone],
      bars: [
        atMostFloor(`judging a living owner: at most ${limit} x C`, living, 'judgeOwner(record)', limit),
        atMostFloor(
          `judging an owner that is gone: at most ${limit} x C`,
          gone,
          'judgeOwner(identity)',
          limit,
        ),
      ],
    };
  } finally {
    await owner.kill();
    floor?.end();
  }
}

/** compareIdentities, which every judgement goes through. */
export async function measureCompare({ plan }) {
  const group = 'compareIdentities';
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  const one = probeIdentity(child.pid);
  child.kill('SIGKILL');
  const other = { ...one, pidfdInode: '1' };
  const old = { ...one, pidfdInode: null };
  const same = JSON.parse(JSON.stringify(one));
  const BATCH = 1000;
  const told = { same: 0, different: 0, unknown: 0 };
  const rows = await measureGroup(
    {
      group,
      own: 'two processes: different',
      floor: undefined,
      subjects: {
        'two processes: different': inBatches(BATCH, (count) => {
          for (let i = 0; i < count; i += 1) told[compareIdentities(one, other)] += 1;
        }),
        'one process, read twice: same': inBatches(BATCH, (count) => {
          for (let i = 0; i < count; i += 1) told[compareIdentities(one, same)] += 1;
        }),
        'by start ticks: same': inBatches(BATCH, (count) => {
          for (let i = 0; i < count; i += 1) told[compareIdentities(old, same)] += 1;
        }),
      },
    },
    plan,
  );
  const calls = 1_000_000;
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < calls; i += 1) told[compareIdentities(one, other)] += 1;
  const perCall = Math.max(0, process.memoryUsage().heapUsed - before) / calls;
  const memory = row({ group, name: 'memory that a call takes', unit: 'B', p50: perCall, batch: calls });
  return {
    rows: [...rows, memory],
    bars: [
      ...rows.map(({ name }) => atMost(`compareIdentities, ${name}: at most 50 ns`, rows, name, 50)),
      // The smallest object takes 12; what is left are the compiler's own notes.
      atMost('compareIdentities takes no memory', [memory], memory.name, 1),
    ],
  };
}
