import type { Errno, WatchOperations } from '../backend.js';
import type { Descriptor } from '../descriptor.js';
import { pinOf } from '../portable/handles.js';
import { isErrno } from '../system-error.js';
import type { ThinFiles } from './files.js';
import type { ThinProcesses } from './processes.js';
import type { ThinAddon } from './thin-addon.js';

/** The ticket of a watch that is over at once, which nobody need cancel. */
const OVER = 0;

/**
 * The events that the addons for Windows and macOS can report: the ends of processes, and on macOS what becomes of an owner's
 * file. An event is a reason to look, and proves nothing.
 */
export class ThinWatch implements WatchOperations {
  readonly reportsChanges = false;
  readonly #addon: ThinAddon;
  readonly #processes: ThinProcesses;
  readonly #files: ThinFiles;
  /** The tickets of the addon, by the one that was given for them. */
  readonly #tickets = new Map<number, readonly number[]>();
  #last = OVER;

  constructor(addon: ThinAddon, processes: ThinProcesses, files: ThinFiles) {
    this.#addon = addon;
    this.#processes = processes;
    this.#files = files;
  }

  onExit(pidfd: Descriptor, words: Int32Array, index: number): number | Errno {
    const ticket = this.#addon.watchEnd(this.#processes.pidOf(pidfd), words, index, null);
    const watched = this.#unlessEnded(pidfd, ticket, () => Atomics.store(words, index, 1));
    return isErrno(watched) ? watched : this.#add(watched);
  }

  onRelease(file: Descriptor, words: Int32Array, index: number): number | Errno {
    const pin = this.#pinOf(file);
    if (pin === null) return 'ENOTSUP';
    const ticket = this.#addon.watchFile(pin, words, index, null);
    if (isErrno(ticket)) return ticket;
    // Only where fcntl(2) shows the lock can it show that the lock is gone. And what was released before the watch began is for
    // the caller to judge.
    if (this.#addon.testWitness(pin) === 'held' && this.#pinOf(file) !== null) return this.#add([ticket]);
    this.#addon.cancel(ticket);
    return 'ENOTSUP';
  }

  onLockChange(
    _directory: Descriptor,
    pidfd: Descriptor | null,
    wake: () => void,
    file: Descriptor | null = null,
  ): number | Errno {
    const end = pidfd === null ? 'ENOTSUP' : this.#onEnd(pidfd, wake);
    const pin = file === null ? null : this.#pinOf(file);
    const change = pin === null ? 'ENOTSUP' : this.#addon.watchFile(pin, null, 0, wake);
    if (isErrno(change)) return isErrno(end) ? end : this.#add(end);
    return this.#add(isErrno(end) ? [change] : [...end, change]);
  }

  #onEnd(pidfd: Descriptor, wake: () => void): readonly number[] | Errno {
    const ticket = this.#addon.watchEnd(this.#processes.pidOf(pidfd), null, 0, wake);
    return this.#unlessEnded(pidfd, ticket, () => setImmediate(wake));
  }

  /**
   * The addon watches the process that has the number when it is called. If the meant one is seen under it afterwards, it
   * had the number all the time.
   * @returns what is to be cancelled: nothing where the process had ended by then.
   */
  #unlessEnded(pidfd: Descriptor, ticket: number | Errno, report: () => void): readonly number[] | Errno {
    if (isErrno(ticket) && ticket !== 'ESRCH') return ticket;
    if (!isErrno(ticket)) {
      if (!this.#processes.pidfdExited(pidfd)) return [ticket];
      this.#addon.cancel(ticket);
    }
    report();
    return [];
  }

  /** null where the file is not kept open: on Windows. */
  #pinOf(file: Descriptor): number | null {
    return pinOf(this.#files.handles.get(file, 'kevent'));
  }

  #add(tickets: readonly number[]): number {
    if (tickets.length === 0) return OVER;
    this.#last += 1;
    this.#tickets.set(this.#last, tickets);
    return this.#last;
  }

  cancel(ticket: number): void {
    for (const each of this.#tickets.get(ticket) ?? []) this.#addon.cancel(each);
    this.#tickets.delete(ticket);
  }

  onLifelineFree = notSupported;
  onLifelineEnd = notSupported;
  openLifelineSignal = notSupported;
  onOwnLockChange = notSupported;
  openChangeMonitor = notSupported;
  /** Never called, because there is no monitor. */
  block = (): 'timeout' => 'timeout';
}

function notSupported(): Errno {
  return 'ENOTSUP';
}
