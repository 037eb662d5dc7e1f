import { readFileSync } from 'node:fs';
import type { Descriptor } from '../../backend/descriptor.js';
import { isSeenLocked, seesLocksOfAll } from '../../backend/directory-locks.js';
import { INITIAL_PID_NAMESPACE } from '../../backend/initial-namespaces.js';
import { errnoOf, isErrno, notKnown, reasonOf, unlessShort } from '../../backend/system-error.js';
import { looksExited, observeProcess, unclear } from '../../identity/observe-process.js';
import type { Observer } from '../../identity/observer.js';
import {
  isKernelThread,
  isStartedBy,
  type ListedProcess,
  listProcesses,
  readProcess,
} from '../../identity/process-table.js';
import type { RecordSite } from '../../record/owner-file.js';
import type { Observation } from '../observation.js';
import { clockStepSinceBoot } from './boot-stamp.js';
import { clockStepSince } from './clock-step.js';
import type { StrangerObservation, Worker } from './observation.js';

const NOT_SEEN = unclear('not looked at');

const MACHINE_ID_FILES = ['/etc/machine-id', '/var/lib/dbus/machine-id'];

/** What of the rest of the observation this one rests on. */
type Rest = Pick<Observation, 'bootTimeMs' | 'nowMs'>;

/** @param pid the recorded one; 0 where none is. */
export function observeStranger(
  observer: Observer,
  pid: number,
  site: RecordSite,
  rest: Rest,
): StrangerObservation {
  return new LiveStrangerObservation(observer, pid, site, rest);
}

/** Reads each value from the kernel whenever a row asks for it; no row asks twice. */
class LiveStrangerObservation implements StrangerObservation {
  readonly #observer: Observer;
  readonly #pid: number;
  readonly #site: RecordSite;
  readonly #rest: Rest;
  #failed: string | null = null;

  constructor(observer: Observer, pid: number, site: RecordSite, rest: Rest) {
    this.#observer = observer;
    this.#pid = pid;
    this.#site = site;
    this.#rest = rest;
  }

  get failed(): string | null {
    return this.#failed;
  }

  get isKernelThread(): boolean {
    // In no other namespace has a thread of the kernel a number.
    if (this.#observer.pidNamespace?.inode !== INITIAL_PID_NAMESPACE) return false;
    const process = this.#read(this.#pid);
    return process !== null && isKernelThread(process);
  }

  get threadTicks(): number | null {
    if (!this.#observer.ownProc) return null;
    const stat = this.#observer.backend.processes.stat(this.#pid);
    return isErrno(stat) ? null : stat.startTicks;
  }

  get isFileLocked(): boolean {
    const { owner } = this.#site;
    return owner !== null && this.#isLocked(owner.descriptor);
  }

  get lockedSibling(): string | null {
    return this.#siblingThat((file) => file !== HIDDEN && this.#isLocked(file));
  }

  get hiddenSibling(): string | null {
    return this.#siblingThat((file) => file === HIDDEN || !this.#showsAllLocks(file));
  }

  #siblingThat(suits: (file: Descriptor | typeof HIDDEN) => boolean): string | null {
    const { siblings } = this.#site;
    if (siblings === undefined) return null;
    const { files } = this.#observer.backend;
    const suitsAs = (name: string): boolean => {
      const file = this.#look(null, () => openFile(() => files.openAt(siblings.directory, name)));
      if (file === null || file === HIDDEN) return file !== null && suits(file);
      try {
        return suits(file);
      } finally {
        files.close(file);
      }
    };
    return siblings.names.find(suitsAs) ?? null;
  }

  /** The own /proc of the initial PID namespace shows the locks of every process. */
  #showsAllLocks(file: Descriptor): boolean {
    const { backend, ownProc, pidNamespace } = this.#observer;
    if (ownProc && pidNamespace?.inode === INITIAL_PID_NAMESPACE) return true;
    return this.#look(false, () => seesLocksOfAll(backend, file));
  }

  /** fcntl(2) shows what other PID namespaces hold too, and /proc/locks shows flock(2). */
  #isLocked(file: Descriptor): boolean {
    return this.#look(false, () => isSeenLocked(this.#observer.backend, file, true));
  }

  workerAt(pid: number): Worker | null {
    if (pid === this.#observer.pid) return null;
    const { existence, exited, ticksAsRead } = this.#look(NOT_SEEN, () =>
      observeProcess(this.#observer, pid, true),
    );
    if (existence === 'absent' || exited === true) return null;
    const process = this.#read(pid);
    if (process !== null && (isKernelThread(process) || this.#isOwn(process))) return null;
    return { pid, ticksAsRead };
  }

  get followers(): readonly Worker[] {
    const pid = this.#pid;
    if (pid === 0) return [];
    const all = this.#observer.ownProc ? this.#look([], listProcesses) : [];
    const others = all.filter((one) => one.pid !== pid && (one.group === pid || one.session === pid));
    const living = others.filter((one) => !looksExited(one) && !this.#isOwn(one));
    if (living.length > 0) return living.map((one) => ({ pid: one.pid, ticksAsRead: one.startTicks }));
    // A member that /proc hides is found by a signal.
    return others.length === 0 && hasGroup(pid) ? [{ pid: null, ticksAsRead: null }] : [];
  }

  get machineId(): string | null {
    for (const path of MACHINE_ID_FILES) {
      try {
        const id = readFileSync(path, 'latin1').trim().toLowerCase();
        if (/^[0-9a-f]{32}$/.test(id)) return id;
      } catch {
        // There is none, or it may not be read.
      }
    }
    return null;
  }

  get bootedAtMs(): number | null {
    const { bootTimeMs, nowMs } = this.#rest;
    const { timeOffset } = this.#observer;
    // Only Linux has time namespaces.
    const shift = process.platform === 'linux' ? timeOffset : { seconds: 0 };
    if (bootTimeMs === null || shift === null) return null;
    return nowMs - (bootTimeMs - shift.seconds * 1_000);
  }

  clockStepSince(ticksAsRead: number | null): number {
    return this.#look(0, () =>
      process.platform === 'linux' ? clockStepSince(ticksAsRead, this.#rest) : clockStepSinceBoot(this.#rest),
    );
  }

  /** null also where /proc shows other numbers than this process knows. */
  #read(pid: number): ListedProcess | null {
    return this.#observer.ownProc ? this.#look(null, () => readProcess(pid)) : null;
  }

  #isOwn(process: ListedProcess): boolean {
    return this.#look(false, () => isStartedBy(this.#observer.pid, process));
  }

  /** Answers `otherwise` where descriptors or memory have run out, and remembers that, so that nothing follows from it. */
  #look<T>(otherwise: T, look: () => T): T {
    return unlessShort(look, (error) => {
      this.#failed = reasonOf(error);
      return otherwise;
    });
  }
}

/** A file is there, and may not be read. */
const HIDDEN = 'hidden';

/** null when there is no such file. */
function openFile(open: () => Descriptor): Descriptor | typeof HIDDEN | null {
  try {
    return open();
  } catch (error) {
    const code = errnoOf(error);
    return code === 'EACCES' || code === 'EPERM' ? HIDDEN : notKnown(error);
  }
}

/** True when a process group of that number has members (kill(2)). */
function hasGroup(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}
