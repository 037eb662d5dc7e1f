import { afterEach, describe, expect, test, vi } from 'vitest';
import { systemError } from '../../src/backend/system-error.js';
import { type ObservedProcess, observeProcess } from '../../src/identity/observe-process.js';
import { type Answers, type FakeObserver, fakeObserver, statOf } from './fake-observer.js';

/** Observes number 7 with pidfds. */
function sightWithPidfd(answers: Answers, needTicks = true, ownProc = true): ObservedProcess {
  const observer = fakeObserver({ 7: answers }, { ownProc });
  const observedProcess = observeProcess(observer, 7, needTicks);
  expect(observer.open, 'descriptors left open').toEqual(new Set());
  return observedProcess;
}

const INODE = { pidfdInode: '100' };
const RUNNING = { ...INODE, pidfdExited: false, stat: statOf('S') };

describe('with pidfds', () => {
  test('a running process is present, with its inode and ticks', () => {
    const observedProcess = sightWithPidfd(RUNNING);
    expect(observedProcess).toMatchObject({ existence: 'present', exited: false, ticksAsRead: 5000 });
    expect(observedProcess.identity).toMatchObject({ pid: 7, startTicks: '5000', pidfdInode: '100' });
  });

  test.each([
    ['ESRCH', 'absent'],
    ['ENOENT', 'thread'],
    ['EINVAL', 'thread'],
    ['EPERM', 'unknown'],
    ['ENOSYS', 'unknown'],
  ])('the answer %s means %s', (openPidfd, existence) => {
    expect(sightWithPidfd({ openPidfd })).toEqual({
      existence,
      source: `pidfd_open: ${openPidfd}`,
      identity: null,
      exited: null,
      ticksAsRead: null,
    });
  });

  test.each(['EMFILE', 'ENFILE', 'ENOMEM'])('the answer %s is none', (error) => {
    for (const answers of [{ openPidfd: error }, { ...RUNNING, stat: error }]) {
      const observer = fakeObserver({ 7: answers });
      expect(() => observeProcess(observer, 7, true)).toThrow(expect.objectContaining({ code: error }));
      expect(observer.open, 'descriptors left open').toEqual(new Set());
    }
  });

  test('/proc is not read where the inode is enough', () => {
    const observer = fakeObserver({ 7: RUNNING });
    expect(observeProcess(observer, 7, false).identity?.pidfdInode).toBe('100');
    expect(observer.calls).toEqual(['pidfd_open 7', 'poll 7']);
  });

  test('what was seen of one process is told of no other, nor to another observer', () => {
    const [here, there] = ['4026532001', '4026532002'].map((inode) =>
      fakeObserver({ 7: RUNNING, 8: RUNNING }, { pidNamespace: { inode, id: null } }),
    ) as [FakeObserver, FakeObserver];
    const same = { inode: '100', exited: false };
    for (const observer of [here, there]) observer.backend.processes.probePidfd = () => same;
    expect(observeProcess(here, 7, false).identity?.pid).toBe(7);
    expect(observeProcess(here, 8, false).identity?.pid).toBe(8);
    expect(observeProcess(there, 8, false).identity?.pidNamespace.inode).toBe('4026532002');
    expect(observeProcess(here, 8, false).exited).toBe(false);
    here.backend.processes.probePidfd = () => ({ ...same, exited: true });
    observeProcess(here, 8, false);
    expect(observeProcess(here, 8, false).exited).toBe(true);
  });

  test('/proc is read where there is no inode', () => {
    expect(sightWithPidfd({ ...RUNNING, pidfdInode: null }, false).ticksAsRead).toBe(5000);
  });

  test('a foreign /proc is not read', () => {
    const observedProcess = sightWithPidfd({ ...RUNNING, stat: statOf('S', { startTicks: 1 }) }, true, false);
    expect(observedProcess.identity).toMatchObject({ startTicks: null, pidfdInode: '100' });
    expect(observedProcess.exited).toBe(false);
  });

  test('a process that /proc hides is present all the same', () => {
    const observedProcess = sightWithPidfd({ ...RUNNING, stat: 'ENOENT' });
    expect(observedProcess).toMatchObject({ existence: 'present', exited: false, ticksAsRead: null });
  });

  test('a zombie has exited', () => {
    expect(sightWithPidfd({ ...INODE, pidfdExited: true, stat: statOf('Z') }).exited).toBe(true);
  });

  test.each(['Z', 'X'])('a leader in state %s while other threads live has not: the pidfd knows', (state) => {
    expect(sightWithPidfd({ ...INODE, pidfdExited: false, stat: statOf(state) }).exited).toBe(false);
  });

  test('ticks of a newcomer are not taken for those of the process that exited', () => {
    const observedProcess = sightWithPidfd({
      ...INODE,
      pidfdExited: true,
      stat: statOf('R', { startTicks: 6000 }),
    });
    expect(observedProcess).toMatchObject({ existence: 'present', exited: true, ticksAsRead: null });
    expect(observedProcess.identity).toMatchObject({ pidfdInode: '100', startTicks: null });
  });

  test('without an inode, a look that raced with a newcomer is repeated', () => {
    const observer = fakeObserver({ 7: { pidfdExited: [true, false], stat: statOf('R') } });
    expect(observeProcess(observer, 7, true)).toMatchObject({ existence: 'present', exited: false });
    expect(observer.open).toEqual(new Set());
  });

  test('a race that never ends is unknown', () => {
    expect(sightWithPidfd({ pidfdExited: true, stat: statOf('R') })).toMatchObject({
      existence: 'unknown',
      identity: null,
    });
  });
});

describe('without pidfds', () => {
  afterEach(() => vi.restoreAllMocks());

  /** Observes number 7 without pidfds, where kill(2) gives this answer. */
  function sightByProc(answers: Answers, killed = 'ok', ownProc = true): ObservedProcess {
    vi.spyOn(process, 'kill').mockImplementation(() => {
      if (killed !== 'ok') throw systemError(killed, 'kill');
      return true;
    });
    const observer = fakeObserver({ 7: answers }, { pidfdWorks: false, ownProc });
    const observedProcess = observeProcess(observer, 7, true);
    expect(process.kill).toHaveBeenCalledWith(7, 0);
    expect(observer.calls).not.toContain('pidfd_open 7');
    return observedProcess;
  }

  const status = { tgid: 7, nsPids: [7] };

  test.each(['ok', 'EPERM'])('a running process is present, whether kill says %s', (killed) => {
    const observedProcess = sightByProc({ status, stat: statOf('S') }, killed);
    expect(observedProcess).toMatchObject({ existence: 'present', exited: false, ticksAsRead: 5000 });
    expect(observedProcess.identity).toMatchObject({ pid: 7, startTicks: '5000', pidfdInode: null });
  });

  test('ESRCH is absent, also with a foreign /proc', () => {
    expect(sightByProc({ status, stat: statOf('S') }, 'ESRCH').existence).toBe('absent');
    expect(sightByProc({ status, stat: statOf('S') }, 'ESRCH', false).existence).toBe('absent');
  });

  test('a foreign /proc says nothing', () => {
    expect(sightByProc({ status, stat: statOf('S') }, 'ok', false)).toMatchObject({
      existence: 'unknown',
      identity: null,
    });
  });

  test.each([
    ['no stat', { status, stat: 'ENOENT' }],
    ['a stat that may not be read', { status, stat: 'EPERM' }],
    ['no status', { status: 'ENOENT', stat: statOf('S') }],
  ])('a number with %s is unknown: /proc may hide it', (_name, answers) => {
    expect(sightByProc(answers, 'EPERM').existence).toBe('unknown');
  });

  test.each([
    ['status', { status: 'EMFILE', stat: statOf('S') }],
    ['stat', { status, stat: 'ENFILE' }],
    ['the second stat', { status, stat: [statOf('Z'), 'ENOMEM'] }],
  ])('want of descriptors or memory is no answer: %s', (_name, answers) => {
    expect(() => sightByProc(answers)).toThrow(/^(EMFILE|ENFILE|ENOMEM): /);
  });

  test('the number of a thread is that of no process', () => {
    const observedProcess = sightByProc({ status: { tgid: 5, nsPids: [7] }, stat: statOf('S') });
    expect(observedProcess).toMatchObject({ existence: 'thread', source: 'Tgid 5' });
  });

  test.each(['Z', 'X'])('state %s with one thread, twice: exited', (state) => {
    expect(sightByProc({ status, stat: statOf(state) }).exited).toBe(true);
  });

  test.each(['Z', 'X'])('state %s once, as while another thread execs: running', (state) => {
    expect(sightByProc({ status, stat: [statOf(state), statOf('R')] })).toMatchObject({
      existence: 'present',
      exited: false,
    });
  });

  test('state Z while other threads live: running', () => {
    expect(sightByProc({ status, stat: statOf('Z', { threads: 2 }) }).exited).toBe(false);
  });

  test('a newcomer at the second read starts the look anew', () => {
    const newcomer = statOf('R', { startTicks: 6000 });
    expect(sightByProc({ status, stat: [statOf('Z'), newcomer] })).toMatchObject({
      existence: 'present',
      exited: false,
      ticksAsRead: 6000,
    });
  });
});

test('ticks are normalised for the time namespace of the observer, and kept as read', () => {
  const observer = fakeObserver(
    { 7: { ...RUNNING, stat: statOf('S', { startTicks: 105_000 }) } },
    { timeOffset: { seconds: 1000, nanoseconds: 1 } },
  );
  const observedProcess = observeProcess(observer, 7, true);
  expect(observedProcess.ticksAsRead).toBe(105_000);
  expect(observedProcess.identity).toMatchObject({ startTicks: '5000', startTolerance: 1 });
});

test('what the observer does not know of its own place is not known of the process', () => {
  const observer = fakeObserver({ 7: RUNNING }, { bootId: null, pidNamespace: null, timeOffset: null });
  expect(observeProcess(observer, 7, true).identity).toMatchObject({
    bootId: null,
    bootIdNative: null,
    pidNamespace: { inode: null, id: null },
    startTicks: null,
    pidfdInode: '100',
  });
});
