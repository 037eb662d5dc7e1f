import { describe, expect, test } from 'vitest';
import type { ObservedProcess } from '../../../src/identity/observe-process.js';
import type { Observation } from '../../../src/judge/observation.js';
import type { OwnerRecord } from '../../../src/record/owner-record.js';
import { parsedRecord } from '../../record/records.js';
import {
  absent,
  BOOT,
  DEFAULTS,
  exited,
  hidden,
  NAMESPACE,
  namesake,
  OTHER_BOOT,
  OTHER_NAMESPACE,
  OWNER_TICKS,
  observer,
  running,
  stranger,
  thread,
  verdictOn,
} from '../builders.js';
import { bornAt, MINUTE, NOW, seeing, WRITTEN } from './records.js';

/** The record of OpenClaw's gateway, in which its boot id is called its identity. */
function openClaw(inode = NAMESPACE.inode, overrides: object = {}): OwnerRecord {
  const fields = {
    pid: 7,
    createdAt: new Date(WRITTEN).toISOString(),
    startTime: OWNER_TICKS,
    processNamespace: { host: 'gateway-2', platform: 'linux', identity: BOOT, pidNsInode: inode },
    ...overrides,
  };
  return parsedRecord(JSON.stringify(fields), WRITTEN);
}

/** Another process has the number since half a second after the record. */
const reused = withOwnTicks(running({ startTicks: String(bornAt(WRITTEN + 500)), pidfdInode: null }));
function withOwnTicks(process: ObservedProcess): Observation {
  return seeing(process, { ticksInOwnTime: { ticks: process.ticksAsRead ?? 0, tolerance: 0 } });
}

const ofOther = openClaw(OTHER_NAMESPACE.inode);
const below = { startTicks: String(OWNER_TICKS), pidfdInode: null };

describe('a record that names this boot and PID namespace', () => {
  test.each([
    ['whose process runs', openClaw(), seeing(running()), 'alive: process-running'],
    ['whose number nobody has', openClaw(), seeing(absent), 'dead: no-such-process'],
    ['whose process has exited', openClaw(), seeing(exited()), 'dead: process-exited'],
    ['whose number was given anew a moment later', openClaw(), reused, 'dead: pid-reused'],
    ['whose process is hidden', openClaw(), seeing(hidden), 'unknown: legacy-process-hidden'],
    ['whose number is that of a thread', openClaw(), seeing(thread), 'unknown: legacy-thread-may-be-owner'],
  ])('%s', (_what, record, seen, verdict) => {
    expect(verdictOn(record, seen)).toBe(verdict);
  });

  test('is not judged by a start in another unit', () => {
    const start = Math.floor((WRITTEN - MINUTE) / 1000);
    const seen = withOwnTicks(running({ startTicks: String(bornAt(WRITTEN - MINUTE)) }));
    expect(verdictOn(openClaw(NAMESPACE.inode, { startTime: start }), seen)).toBe(
      'alive: legacy-start-matches',
    );
    // It is younger than the record by a clock that was set.
    expect(verdictOn(openClaw(NAMESPACE.inode, { startTime: 30 }), seeing(running()))).toMatch(/^unknown/);
  });

  test('lives where a lock, a sign of life or another process says so', () => {
    const heartbeat = openClaw(NAMESPACE.inode, { heartbeatAt: NOW - 5000 });
    expect(verdictOn(heartbeat, seeing(absent))).toBe('unknown: legacy-sign-of-life');
    const locked = seeing(absent, { stranger: stranger({ isFileLocked: true }) });
    expect(verdictOn(openClaw(), locked)).toBe('alive: legacy-file-locked');
    const workers = { workerAt: (pid: number) => ({ pid, ticksAsRead: OWNER_TICKS }) };
    const child = openClaw(NAMESPACE.inode, { childPid: 8 });
    expect(verdictOn(child, seeing(absent, { stranger: stranger(workers) }))).toBe(
      'unknown: legacy-other-process',
    );
  });
});

describe('a record that names this boot and another PID namespace', () => {
  test('is unknown to a sibling, though its number is free there', () => {
    expect(verdictOn(ofOther, seeing(absent))).toBe('unknown: legacy-other-namespace');
  });

  test('is judged from the host by the process that has the number there', () => {
    const found = [namesake(below)];
    expect(verdictOn(ofOther, seeing(absent, { namesakes: { found, complete: true, hidden: false } }))).toBe(
      'alive: process-running',
    );
  });

  test('is dead to the host, which sees all namespaces, once it is in none', () => {
    const seen = seeing(absent, { namesakes: { found: [], complete: true, hidden: false } });
    expect(verdictOn(ofOther, seen)).toBe('dead: not-in-any-namespace');
  });

  test('is not dead by a start that differs there: it may be in another unit', () => {
    const found = [namesake({ ...below, startTicks: '9' })];
    // Here the number may be that of a process that is younger than the record, which says nothing of the one there.
    for (const here of [seeing(absent), reused]) {
      const seen = { ...here, namesakes: { found, complete: true, hidden: false } };
      expect(verdictOn(ofOther, seen)).toMatch(/^unknown/);
    }
  });
});

test('a record that names another boot states nothing', () => {
  const record = openClaw(NAMESPACE.inode, {
    processNamespace: { identity: OTHER_BOOT, pidNsInode: NAMESPACE.inode },
  });
  expect(verdictOn(record, seeing(absent))).toBe('unknown: legacy-other-boot');
});

test('without a boot id that is known to be the kernel’s own, nothing is stated', () => {
  const self = observer({ bootIdNative: false });
  expect(
    verdictOn(ofOther, seeing(absent, { self, namesakes: { found: [], complete: true, hidden: false } })),
  ).toBe('unknown: legacy-other-namespace');
  expect(verdictOn(openClaw(), seeing(absent), { ...DEFAULTS, legacy: 'unknown' })).toBe(
    'unknown: legacy-not-assumed',
  );
});
