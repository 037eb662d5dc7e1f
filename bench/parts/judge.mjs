import { spawn } from 'node:child_process';
import { loadAddon } from '../../build/modules/backend/native.js';
import { compareIdentities, inspectLockSync, judgeOwner, probeIdentity } from '../../dist/index.js';
import { atMost, atMostFloor } from '../harness/bars.mjs';
import { Floor, NO_COMPILER } from '../harness/floor.mjs';
import { measureGroup, row } from '../harness/group.mjs';
import { startContender } from '../harness/owners.mjs';
import { inBatches, oneByOne } from '../harness/sample.mjs';
import { newPath } from '../harness/scratch.mjs';

const LIVING = 'judgeOwner(record)';
const CALLS = 'pidfd_open, fstat, poll, close in C';

/** Measures one judgement of a record that was parsed before, without an open descriptor of the process. */
export async function measureJudge({ directory, plan }) {
  const owner = await startContender('sync');
  const record = await recordOf(owner, newPath(directory));
  const dead = await startContender('sync');
  const deadRecord = await recordOf(dead, newPath(directory));
  await dead.kill();
  const { processes, files } = loadAddon();
  const { openPidfd } = processes;
  const floor = Floor.start({ pid: owner.pid, gone: dead.pid });
  const inC = (operation, batch) => floor?.subject(operation, batch) ?? NO_COMPILER;
  const subjects = {
    [LIVING]: oneByOne(() => judgeOwner(record)),
    'judgeOwner(identity)': oneByOne(() => judgeOwner(record.identity)),
    [CALLS]: inC('judge', 1),
  };
  const DEAD_BATCH = 100;
  try {
    const living = await measureGroup(
      { group: 'judge a record: its owner lives', own: LIVING, floor: CALLS, subjects },
      plan,
    );
    const gone = await measureGroup(
      {
        group: 'judge a record: its owner is gone',
        own: LIVING,
        floor: 'pidfd_open in C',
        subjects: {
          [LIVING]: inBatches(DEAD_BATCH, (count) => {
            for (let i = 0; i < count; i += 1) judgeOwner(deadRecord);
          }),
          'pidfd_open in C': inC('judge-gone', DEAD_BATCH),
          'pidfd_open in C, called by way of Node-API': inBatches(DEAD_BATCH, (count) => {
            for (let i = 0; i < count; i += 1) openPidfd(dead.pid);
          }),
        },
      },
      plan,
    );
    // The kernel makes another pidfd of a process in half the time while one is open.
    const pidfd = openPidfd(owner.pid);
    const held = await measureGroup(
      {
        group: 'judge a record: its owner lives, a pidfd of it is held',
        own: LIVING,
        floor: CALLS,
        subjects,
      },
      plan,
    );
    files.close(pidfd);
    const limit = 1.5;
    return {
      rows: [...living, ...held, ...gone],
      bars: [
        atMostFloor(`judging a living owner: at most ${limit} x C`, living, LIVING, limit),
        atMostFloor(`judging an owner that is gone: at most ${limit} x C`, gone, LIVING, limit),
      ],
    };
  } finally {
    await owner.kill();
    floor?.end();
  }
}

/** Returns the record that a process writes into a lock when it takes the lock. */
async function recordOf(contender, path) {
  contender.send({ command: 'acquire', path });
  await contender.until('acquired');
  return inspectLockSync(path).owner;
}

/** Measures compareIdentities, which every judgement calls. */
export async function measureCompare({ plan }) {
  const group = 'compareIdentities';
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  const one = probeIdentity(child.pid);
  child.kill('SIGKILL');
  const other = { ...one, pidfdInode: '1' };
  const old = { ...one, pidfdInode: null };
  const same = JSON.parse(JSON.stringify(one));
  const BATCH = 1000;
  const answers = { same: 0, different: 0, unknown: 0 };
  const rows = await measureGroup(
    {
      group,
      own: 'two processes: different',
      floor: undefined,
      subjects: {
        'two processes: different': inBatches(BATCH, (count) => {
          for (let i = 0; i < count; i += 1) answers[compareIdentities(one, other)] += 1;
        }),
        'one process, read twice: same': inBatches(BATCH, (count) => {
          for (let i = 0; i < count; i += 1) answers[compareIdentities(one, same)] += 1;
        }),
        'by start ticks: same': inBatches(BATCH, (count) => {
          for (let i = 0; i < count; i += 1) answers[compareIdentities(old, same)] += 1;
        }),
      },
    },
    plan,
  );
  const calls = 1_000_000;
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < calls; i += 1) answers[compareIdentities(one, other)] += 1;
  const perCall = Math.max(0, process.memoryUsage().heapUsed - before) / calls;
  const memory = row({ group, name: 'memory that a call takes', unit: 'B', p50: perCall, batch: calls });
  return {
    rows: [...rows, memory],
    bars: [
      ...rows.map(({ name }) => atMost(`compareIdentities, ${name}: at most 50 ns`, rows, name, 50)),
      // The smallest object takes 12 bytes. What is less than one byte a call comes from notes of V8's compiler.
      atMost('compareIdentities takes no memory', [memory], memory.name, 1),
    ],
  };
}
