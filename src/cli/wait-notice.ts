import { monotonicMs } from '../backend/monotonic-clock.js';
import type { WaitReport } from '../lock/events.js';
import { LOCK_VARIABLE } from '../lock/heirs.js';
import { describeHolder } from '../lock/holder-text.js';
import type { AcquireOptions } from '../lock/options.js';
import type { LockTimeoutError } from '../lock/timeout-error.js';
import { complain } from './output.js';
import type { WaitRequest } from './wait-options.js';

/** Milliseconds. A shorter wait is none that a person has to hear of, and a cron job sends a mail for a line. */
export const SILENCE = 1_000;

/**
 * Waits for a lock as the command line asks, and says so on stderr.
 * @param wait waits for the lock with these options.
 * @returns what `wait` returns, or the exit code to end with when the lock was not free in time.
 */
export async function waitAsAsked<T>(
  { timeout, conflictCode, isQuiet }: WaitRequest,
  wait: (waiting: Pick<AcquireOptions, 'timeout' | 'onWait'>) => Promise<T>,
): Promise<T | number> {
  const notice = new WaitNotice();
  try {
    return await wait({ timeout, onWait: isQuiet ? undefined : notice.take });
  } catch (error) {
    // The commands for engines are a file of their own, with its own copy of the class.
    const { code, message } = error as LockTimeoutError;
    if (code !== 'ERR_LOCK_TIMEOUT') throw error;
    if (!isQuiet) complain(message);
    return conflictCode;
  } finally {
    notice.stop();
  }
}

/**
 * Says on stderr what a command waits for, once the waiting has lasted a second: one line, and one more if the
 * lock becomes of another kind, such as one whose owner cannot be judged. Call {@link stop} when the waiting is
 * over.
 */
class WaitNotice {
  readonly #said = new Set<string>();
  #latest: WaitReport | null = null;
  /** Milliseconds on the monotonic clock when the latest report came. */
  #takenAt = 0;
  #timer: NodeJS.Timeout | null = null;
  #isSilent = true;

  /** Takes each report of the waiting; the option `onWait` of an acquisition. */
  readonly take = (report: WaitReport): void => {
    this.#latest = report;
    this.#takenAt = monotonicMs();
    if (!this.#isSilent) this.#say();
    this.#timer ??= setTimeout(() => this.#endSilence(), SILENCE - report.waited);
  };

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #endSilence(): void {
    this.#isSilent = false;
    this.#say();
  }

  #say(): void {
    if (this.#latest === null) return;
    const kind = this.#latest.verdict?.state ?? 'none';
    if (this.#said.has(kind)) return;
    this.#said.add(kind);
    const { ownerAge } = this.#latest;
    const since = monotonicMs() - this.#takenAt;
    complain(waitLine({ ...this.#latest, ownerAge: ownerAge === null ? null : ownerAge + since }));
  }
}

/** `waiting for '/run/a.lock', held by pid 41210, "npm", host web-1, for 23 s` */
function waitLine(report: WaitReport): string {
  const { path, owner, verdict, description } = report;
  const start = `waiting for '${path}'`;
  if (process.env[LOCK_VARIABLE] === path) {
    return `${start}, under which this very command runs (${LOCK_VARIABLE}): it may be waiting for itself`;
  }
  if (owner === null || verdict === null) return `${start}: ${description}`;
  const who = describeHolder(report);
  return verdict.state === 'alive'
    ? `${start}, held by ${who}`
    : `${start}, recorded by ${who}; ${description}`;
}
