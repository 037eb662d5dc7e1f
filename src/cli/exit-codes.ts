import { constants } from 'node:os';

/** Exit codes of the program. Scripts rely on them. */
export const EXIT = Object.freeze({
  success: 0,
  /**
   * An I/O error; `probe`: no such process; `reclaim`: left alone; `list`: not possible here; `inspect --exit-code`:
   * held, and then an error has the code `unreadable`.
   */
  failure: 1,
  usage: 2,
  /** `inspect --exit-code`: the state of the lock is `unknown`. */
  unknown: 3,
  /** `inspect --exit-code`: a path could not be read. */
  unreadable: 4,
  /** `inspect --exit-code=detailed`: the owner is dead. */
  stale: 10,
  /** `run`: the lock was not acquired in time. The code is EX_TEMPFAIL of sysexits.h, "try again later". */
  notAcquired: 75,
  /** `run` itself failed. env(1), nohup(1) and timeout(1) use this code and the next two in the same way. */
  runFailed: 125,
  notExecutable: 126,
  notFound: 127,
});

/** 128 + n, which is how a shell reports a command that signal n ended. */
export function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
