import { requirePid } from '../arguments.js';
import type { BootId, Errno, PidfdProbe, PidNamespace, ProcessOperations } from '../backend.js';
import type { Descriptor } from '../descriptor.js';
import { isErrno, systemError } from '../system-error.js';
import { parseBootText } from './boot-text.js';
import type { ProcessSight, ThinAddon } from './thin-addon.js';

/** Larger than every number of the portable backend's files, so that the two cannot be mistaken for each other. */
const FIRST = 2 ** 40;

/** These systems have no PID namespaces. All processes are in one, which has this number. */
const THE_ONLY: PidNamespace = Object.freeze({ inode: '0', id: null });
const NO_SHIFT = Object.freeze({ seconds: 0, nanoseconds: 0 });

/** A process as it was seen when its number was looked up. */
interface Seen {
  readonly pid: number;
  readonly sight: ProcessSight;
}

/**
 * Processes by the addon for Windows and macOS. A pidfd is here what was seen of a process, and not an open file: it
 * leads to that process for as long as the same start and the same key are found under the number.
 */
export class ThinProcesses implements ProcessOperations {
  readonly #addon: ThinAddon;
  readonly #platform: string;
  readonly #pidfds = new Map<Descriptor, Seen>();
  #next = FIRST;
  #bootId: BootId | null | undefined;

  constructor(addon: ThinAddon, platform: string) {
    this.#addon = addon;
    this.#platform = platform;
  }

  bootId(): BootId | null {
    this.#bootId ??= parseBootText(this.#addon.boot(), this.#platform);
    return this.#bootId;
  }

  /** null in a container of Windows Server, whose processes and those of its host do not see each other. */
  pidNamespace(pid?: number): PidNamespace | null {
    if (pid !== undefined) requirePid(pid);
    return this.#addon.numbersAreShared() ? THE_ONLY : null;
  }

  isInPidNamespace(pid: number, inode: string): boolean {
    return this.pidNamespace(pid)?.inode === inode;
  }

  timeOffset(pid?: number): typeof NO_SHIFT {
    if (pid !== undefined) requirePid(pid);
    return NO_SHIFT;
  }

  setDeathSignal(): Errno {
    return 'ENOSYS';
  }

  stat(pid: number): Errno {
    requirePid(pid);
    return 'ENOSYS';
  }

  status(pid: number | 'self'): Errno {
    if (pid !== 'self') requirePid(pid);
    return 'ENOSYS';
  }

  /** ENOSYS where nothing would show that the number was given to another process. Callers poll then. */
  openPidfd(pid: number): Descriptor | Errno {
    const sight = this.#addon.probe(requirePid(pid));
    if (isErrno(sight)) return sight === 'EPERM' ? 'ENOSYS' : sight;
    if (sight.key === null && sight.started === null) return 'ENOSYS';
    const pidfd = this.#next++ as Descriptor;
    this.#pidfds.set(pidfd, { pid, sight });
    return pidfd;
  }

  pidfdInode(fd: Descriptor): string | null {
    return this.#pidfds.get(fd)?.sight.key ?? null;
  }

  pidfdExited(fd: Descriptor): boolean {
    const seen = this.#pidfds.get(fd);
    if (seen === undefined) return false;
    const now = this.#addon.probe(seen.pid);
    if (isErrno(now)) return now === 'ESRCH';
    return now.hasExited || isOther(seen.sight, now);
  }

  probePidfd(pid: number): PidfdProbe | Errno {
    const sight = this.#addon.probe(requirePid(pid));
    if (isErrno(sight)) return sight;
    return { inode: sight.key, exited: sight.hasExited, started: sight.started };
  }

  reapOrphans(): Errno {
    return 'ENOSYS';
  }

  /** @throws EBADF */
  pidOf(pidfd: Descriptor): number {
    const seen = this.#pidfds.get(pidfd);
    if (seen === undefined) throw systemError('EBADF', 'poll');
    return seen.pid;
  }

  /** False when the descriptor is none of a process. */
  close(fd: Descriptor): boolean {
    return this.#pidfds.delete(fd);
  }
}

/** True when the number was surely given to another process in between. */
function isOther(before: ProcessSight, now: ProcessSight): boolean {
  if (before.key !== null && now.key !== null) return before.key !== now.key;
  return before.started !== null && now.started !== null && before.started !== now.started;
}
