import type { Errno, WatchOperations } from '../backend.js';
import type { Descriptor } from '../descriptor.js';
import { isErrno } from '../system-error.js';
import type { ThinProcesses } from './processes.js';
import type { ThinAddon } from './thin-addon.js';

/** The ticket of a watch that is over at once. The addon gives no such one. */
const OVER = 0;

/** The ends of processes, which are all that the addon for Windows and macOS can watch. */
export class ThinWatch implements WatchOperations {
  readonly reportsChanges = false;
  readonly #addon: ThinAddon;
  readonly #processes: ThinProcesses;

  constructor(addon: ThinAddon, processes: ThinProcesses) {
    this.#addon = addon;
    this.#processes = processes;
  }

  onExit(pidfd: Descriptor, words: Int32Array, index: number): number | Errno {
    const ticket = this.#addon.watchEnd(this.#processes.pidOf(pidfd), words, index, null);
    return this.#unlessEnded(pidfd, ticket, () => Atomics.store(words, index, 1));
  }

  onLockChange(_directory: Descriptor, pidfd: Descriptor | null, wake: () => void): number | Errno {
    if (pidfd === null) return 'ENOTSUP';
    const ticket = this.#addon.watchEnd(this.#processes.pidOf(pidfd), null, 0, wake);
    return this.#unlessEnded(pidfd, ticket, () => setImmediate(wake));
  }

  /**
   * The addon watches the process that has the number when it is called. If the meant one is seen under it afterwards, it
   * had the number all the time.
   */
  #unlessEnded(pidfd: Descriptor, ticket: number | Errno, report: () => void): number | Errno {
    if (isErrno(ticket) && ticket !== 'ESRCH') return ticket;
    if (!isErrno(ticket)) {
      if (!this.#processes.pidfdExited(pidfd)) return ticket;
      this.#addon.cancel(ticket);
    }
    report();
    return OVER;
  }

  cancel(ticket: number): void {
    this.#addon.cancel(ticket);
  }

  onRelease = notSupported;
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
