import { constants } from 'node:os';

/** What the exit codes mean; scripts rely on them. */
export const EXIT = Object.freeze({
  success: 0,
  /** An I/O error; `probe`: no such process; `reclaim`: left alone; `inspect --exit-code`: held. */
  failure: 1,
  usage: 2,
  /** `inspect --exit-code`: nobody can tell. */
  unknown: 3,
  /** `run`: the lock was not acquired in time. EX_TEMPFAIL of sysexits.h: try again later. */
  notAcquired: 75,
  /** `run` itself failed. This one and the next two as env(1), nohup(1) and timeout(1) have them. */
  runFailed: 125,
  notExecutable: 126,
  notFound: 127,
});

/** 128 + n, as a shell reports a command that signal n ended. */
export function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
