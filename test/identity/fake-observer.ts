import type {
  Backend,
  Errno,
  ProcessOperations,
  ProcessStat,
  ProcessStatus,
} from '../../src/backend/backend.js';
import type { Descriptor } from '../../src/backend/descriptor.js';
import type { Observer } from '../../src/identity/observer.js';
import { BOOT } from './identities.js';

/**
 * The answers of the kernel about one number. A list is answered one by one, and its last element for ever.
 */
export interface Answers {
  readonly openPidfd?: Errno;
  readonly pidfdInode?: string | null;
  readonly pidfdExited?: boolean | readonly boolean[];
  readonly stat?: (ProcessStat | Errno) | readonly (ProcessStat | Errno)[];
  readonly status?: (ProcessStatus | Errno) | readonly (ProcessStatus | Errno)[];
  readonly namespace?: { readonly inode: string; readonly id: string | null } | null;
}

export interface FakeObserver extends Observer {
  /** The calls that reached the kernel, such as `stat 7`. */
  readonly calls: string[];
  /** Pidfds that were opened and not closed. */
  readonly open: Set<number>;
}

export function statOf(state: string, overrides: Partial<ProcessStat> = {}): ProcessStat {
  return { state, threads: 1, startTicks: 5000, ...overrides };
}

/** Makes an observer, process 900, whose kernel gives these answers. Other numbers belong to no process. */
export function fakeObserver(
  numbers: Readonly<Record<number, Answers>>,
  overrides: Partial<Observer> = {},
): FakeObserver {
  const calls: string[] = [];
  const open = new Set<number>();
  const times = new Map<string, number>();

  function next<T>(call: string, pid: number | 'self', answers: T | readonly T[] | undefined): T | undefined {
    const key = `${call} ${pid}`;
    calls.push(key);
    const time = times.get(key) ?? 0;
    times.set(key, time + 1);
    return Array.isArray(answers) ? answers[Math.min(time, answers.length - 1)] : (answers as T);
  }
  function answersFor(pid: number): Answers {
    return numbers[pid] ?? { openPidfd: 'ESRCH', stat: 'ENOENT', status: 'ENOENT' };
  }

  // A pidfd is the number of its process plus 10 000.
  const processes: ProcessOperations = {
    bootId: () => ({ id: BOOT, native: true }),
    pidNamespace: (pid) => (pid === undefined ? null : (answersFor(pid).namespace ?? null)),
    isInPidNamespace: (pid, inode) => answersFor(pid).namespace?.inode === inode,
    timeOffset: () => ({ seconds: 0, nanoseconds: 0 }),
    stat: (pid) => next('stat', pid, answersFor(pid).stat) ?? 'ENOENT',
    status: (pid) => (pid === 'self' ? 'ENOENT' : (next('status', pid, answersFor(pid).status) ?? 'ENOENT')),
    openPidfd: (pid) => {
      const error = next('pidfd_open', pid, answersFor(pid).openPidfd);
      if (error !== undefined) return error;
      open.add(10_000 + pid);
      return (10_000 + pid) as Descriptor;
    },
    pidfdInode: (fd) => answersFor(fd - 10_000).pidfdInode ?? null,
    pidfdExited: (fd) => next('poll', fd - 10_000, answersFor(fd - 10_000).pidfdExited) ?? false,
    reapOrphans: () => 'ENOSYS',
    setDeathSignal: () => 'ENOSYS',
    probePidfd: (pid) => {
      const fd = processes.openPidfd(pid);
      if (typeof fd === 'string') return fd;
      const sight = { inode: processes.pidfdInode(fd), exited: processes.pidfdExited(fd) };
      open.delete(fd);
      return sight;
    },
  };
  const files = { close: (fd: number) => void open.delete(fd) };
  const backend = { name: 'native', processes, files } as unknown as Backend;
  return {
    backend,
    calls,
    open,
    pid: 900,
    bootId: { id: BOOT, native: true },
    pidNamespace: { inode: '4026532001', id: '71' },
    timeOffset: { seconds: 0, nanoseconds: 0 },
    ownProc: true,
    pidInProc: 900,
    pidfdWorks: true,
    ...overrides,
  };
}
