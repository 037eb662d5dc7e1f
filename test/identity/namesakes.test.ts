import { describe, expect, test } from 'vitest';
import { INITIAL_PID_NAMESPACE } from '../../src/backend/initial-namespaces.js';
import { findNamesakes } from '../../src/identity/namesakes.js';
import type { Observer } from '../../src/identity/observer.js';
import { type Answers, fakeObserver, statOf } from './fake-observer.js';

/** /proc lists these two numbers for as long as the test runs; the fake kernel says what they are. */
const FIRST = process.pid;
const SECOND = process.ppid;
const CHILD = { inode: '4026532100', id: '100' };
const INITIAL = { pidNamespace: { inode: INITIAL_PID_NAMESPACE, id: '1' } };

function numbers(nsPids: readonly number[]) {
  return { tgid: nsPids[0] as number, nsPids };
}

function inNamespaces(nsPids: readonly number[], answers: Answers = {}): Answers {
  return {
    status: numbers(nsPids),
    stat: statOf('S'),
    pidfdInode: '100',
    pidfdExited: false,
    namespace: CHILD,
    ...answers,
  };
}

function find(numbers: Readonly<Record<number, Answers>>, overrides: Partial<Observer> = {}) {
  const observer = fakeObserver(numbers, overrides);
  const namesakes = findNamesakes(observer, 7);
  expect(observer.open, 'descriptors left open').toEqual(new Set());
  return namesakes;
}

test('a process of a child namespace that has the number there is found, as it would record itself', () => {
  const { found } = find({ [FIRST]: inNamespaces([FIRST, 7]) });
  expect(found).toHaveLength(1);
  expect(found[0]).toMatchObject({ pid: FIRST, innermost: true, exited: false, ticksAsRead: 5000 });
  expect(found[0]?.identity).toMatchObject({
    pid: 7,
    pidNamespace: CHILD,
    pidfdInode: '100',
    startTicks: '5000',
  });
});

test('a process with another number there is none', () => {
  expect(find({ [FIRST]: inNamespaces([FIRST, 8]) }).found).toEqual([]);
});

test.each([
  ['alone', [FIRST]],
  ['and another there', [FIRST, 8]],
])('a process with the number here %s is none', (_name, nsPids) => {
  const observer = fakeObserver({ [FIRST]: inNamespaces(nsPids) });
  expect(findNamesakes(observer, FIRST).found).toEqual([]);
});

test('a process of the own namespace is no namesake, and nothing more is asked of it', () => {
  const observer = fakeObserver({
    [FIRST]: inNamespaces([FIRST, 7], { namespace: { inode: '4026532001', id: '71' } }),
    [SECOND]: inNamespaces([SECOND, 7]),
  });
  expect(findNamesakes(observer, 7).found.map(({ pid }) => pid)).toEqual([SECOND]);
  expect(observer.calls.filter((call) => call.endsWith(` ${FIRST}`))).toEqual([]);
});

test('where the own namespace is not known, every process is looked at', () => {
  const { found } = find({ [FIRST]: inNamespaces([FIRST, 7], { namespace: null }) }, { pidNamespace: null });
  expect(found.map(({ pid }) => pid)).toEqual([FIRST]);
});

test('a number in a namespace in between is not innermost, and its namespace not known', () => {
  const { found } = find({ [FIRST]: inNamespaces([FIRST, 7, 1]) });
  expect(found).toMatchObject([{ innermost: false, identity: { pidNamespace: { inode: null, id: null } } }]);
});

test('one process with the number in two namespaces is found for both', () => {
  const { found } = find({ [FIRST]: inNamespaces([FIRST, 7, 7]) });
  expect(found.map(({ innermost }) => innermost)).toEqual([false, true]);
  expect(found[1]?.identity.pidNamespace).toEqual(CHILD);
});

test('whether it has exited is asked of the pidfd, else of /proc, else not known', () => {
  const exited = { [FIRST]: inNamespaces([FIRST, 7], { pidfdExited: true }) };
  expect(find(exited).found[0]?.exited).toBe(true);
  const noPidfd = { openPidfd: 'ENOSYS' };
  const zombie = { [FIRST]: inNamespaces([FIRST, 7], { ...noPidfd, stat: statOf('Z') }) };
  expect(find(zombie).found[0]).toMatchObject({ exited: true, identity: { pidfdInode: null } });
  const leaderless = inNamespaces([FIRST, 7], { ...noPidfd, stat: statOf('Z', { threads: 2 }) });
  expect(find({ [FIRST]: leaderless }).found[0]?.exited).toBe(false);
  const unreadable = { [FIRST]: inNamespaces([FIRST, 7], { ...noPidfd, stat: 'EPERM' }) };
  expect(find(unreadable).found[0]).toMatchObject({ exited: null, ticksAsRead: null });
});

test.each(['Z', 'X'])('without pidfds, state %s once, as while another thread execs, is no exit', (state) => {
  const execing = inNamespaces([FIRST, 7], { openPidfd: 'ENOSYS', stat: [statOf(state), statOf('S')] });
  expect(find({ [FIRST]: execing }).found).toMatchObject([{ exited: false }]);
});

test.each<[string, Answers]>([
  ['other numbers', { status: [numbers([FIRST, 7]), numbers([FIRST, 8])] }],
  ['other start ticks', { stat: [statOf('S'), statOf('S', { startTicks: 6000 })] }],
  ['nothing more to read', { status: [numbers([FIRST, 7]), 'ESRCH'] }],
])('a process whose number shows %s at the end of the look has ended', (_name, answers) => {
  expect(find({ [FIRST]: inNamespaces([FIRST, 7], answers) }).found).toEqual([]);
});

test('a namespace that may not be read is not known', () => {
  const { found } = find({ [FIRST]: inNamespaces([FIRST, 7], { namespace: null }) });
  expect(found[0]?.identity.pidNamespace).toEqual({ inode: null, id: null });
});

describe('nothing can have been missed', () => {
  test('from the initial namespace, where every process can be read or is gone', () => {
    const numbers = { [FIRST]: inNamespaces([FIRST]), [SECOND]: { status: 'ESRCH' } };
    expect(find(numbers, INITIAL)).toEqual({ found: [], complete: true, hidden: false });
  });

  test('also where a namesake was found', () => {
    expect(find({ [FIRST]: inNamespaces([FIRST, 7]) }, INITIAL)).toMatchObject({
      complete: true,
      hidden: false,
    });
  });

  test('but not from another namespace', () => {
    expect(find({ [FIRST]: inNamespaces([FIRST]) })).toEqual({ found: [], complete: false, hidden: false });
  });

  test.each(['EPERM', 'EACCES', 'EMFILE'])('but not where a process answers %s', (status) => {
    const numbers = { [FIRST]: inNamespaces([FIRST]), [SECOND]: { status } };
    expect(find(numbers, INITIAL)).toEqual({ found: [], complete: false, hidden: false });
  });

  test('but not where a process can be read in the first of two passes only', () => {
    const hidden = { [SECOND]: { status: [numbers([SECOND]), 'EACCES'] } };
    expect(find({ [FIRST]: inNamespaces([FIRST]), ...hidden }, INITIAL).complete).toBe(false);
  });

  test('but not in a foreign /proc, which is not even read', () => {
    const observer = fakeObserver({ [FIRST]: inNamespaces([FIRST, 7]) }, { ...INITIAL, ownProc: false });
    expect(findNamesakes(observer, 7)).toEqual({ found: [], complete: false, hidden: false });
    expect(observer.calls).toEqual([]);
  });

  test('and it takes two passes: what one of them missed is found all the same', () => {
    const [hard, seen] = [numbers([SECOND, 0]), numbers([SECOND, 7])];
    const other = inNamespaces([FIRST, 7]);
    const missedFirst = { [FIRST]: other, [SECOND]: inNamespaces([], { status: [hard, seen] }) };
    expect(pidsOf(find(missedFirst, INITIAL))).toEqual([FIRST, SECOND].sort());
    const missedSecond = { [FIRST]: other, [SECOND]: inNamespaces([], { status: [seen, seen, hard] }) };
    expect(pidsOf(find(missedSecond, INITIAL))).toEqual([FIRST, SECOND].sort());
  });
});

function pidsOf({ found }: ReturnType<typeof find>): number[] {
  return found.map(({ pid }) => pid).sort();
}
