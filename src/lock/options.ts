import { invalidType, invalidValue } from '../errors.js';
import { checkBoolean, checkJudgeOptions, checkTime, JUDGE_OPTIONS } from '../judge/options.js';
import type { OptionNames } from '../known-options.js';
import { MAX_LABEL } from '../record/parse.js';
import type { WaitReport } from './events.js';
import { type InspectOptions, MIN_LEASE } from './protocol/assess.js';

export interface AcquireOptions extends InspectOptions {
  /** Milliseconds to wait for the lock. Default Infinity; 0 means one try. */
  readonly timeout?: number | undefined;
  /**
   * Ends the waiting: the acquisition rejects with `signal.reason`. A synchronous one checks it once, before
   * it begins.
   */
  readonly signal?: AbortSignal | undefined;
  /** Called when waiting begins, when the owner changes, once when the owner is overdue, and every 10 s. */
  readonly onWait?: ((report: WaitReport) => void) | undefined;
  /**
   * Milliseconds for which an owner is expected to hold the lock. Waiters report an owner that holds it
   * longer as overdue.
   */
  readonly expectedHold?: number | undefined;
  /**
   * Milliseconds for which the lock outlives its owner's silence. A lease is recorded only where observers
   * may be unable to test the lock's witness (network filesystems, FUSE, ramfs, gVisor, plain Node, overlay,
   * btrfs). There the owner touches its owner.json six times per lease, and a waiter that sees no change for a
   * whole lease may take the lock. An owner that is paused for longer can therefore overlap its successor.
   * Default 30 000, at least 1 000, at most 86 400 000 (a day).
   */
  readonly lease?: number | undefined;
  /**
   * True: the lock can be handed over to a child process with `lock.handOver()`. The record says so from the
   * start, and carries a lifeline of its own, so that no observer takes the death of this process for the end
   * of the work.
   */
  readonly handOver?: boolean | undefined;
  /**
   * Milliseconds between two changes of the time of the lock's directory, 1 000 to 86 400 000. Other programs that take a
   * directory for abandoned by its age, such as proper-lockfile, then see that the lock is held, also while the event loop
   * is blocked. Default: the time is not set.
   */
  readonly touch?: number | undefined;
  /**
   * True: the lock is released when the process ends by itself or by process.exit(), so that other programs find nothing
   * of it. What a signal kills leaves its lock to the next contender all the same.
   */
  readonly releaseOnExit?: boolean | undefined;
  /** A word for people, shown with the lock by `inspect`. */
  readonly label?: string | undefined;
}

/** Each of them may change a verdict. */
export const INSPECT_OPTIONS = {
  ...JUDGE_OPTIONS,
  ownerlessGrace: true,
  emptyFile: true,
} satisfies OptionNames<InspectOptions>;

const ACQUIRE_OPTIONS = {
  ...INSPECT_OPTIONS,
  timeout: true,
  signal: true,
  onWait: true,
  expectedHold: true,
  lease: true,
  handOver: true,
  touch: true,
  releaseOnExit: true,
  label: true,
} satisfies OptionNames<AcquireOptions>;

/** The options of a single try, which never waits. */
export type TryAcquireOptions = Omit<AcquireOptions, 'timeout'>;

const { timeout: _, ...TRY_OPTIONS } = ACQUIRE_OPTIONS;

/** Milliseconds: a day. */
const LONGEST = 86_400_000;

/** @throws the errors of {@link checkJudgeOptions}. */
export function checkAcquireOptions(
  options: AcquireOptions,
  known: OptionNames<TryAcquireOptions> = ACQUIRE_OPTIONS,
): void {
  checkInspectOptions(options, known);
  checkTime('timeout', options.timeout);
  checkTime('expectedHold', options.expectedHold);
  checkInterval('lease', options.lease);
  checkInterval('touch', options.touch);
  checkBoolean('handOver', options.handOver);
  checkBoolean('releaseOnExit', options.releaseOnExit);
  if (options.label !== undefined && typeof options.label !== 'string') {
    throw invalidType('label', 'a string', options.label);
  }
  if (options.label !== undefined && options.label.length > MAX_LABEL) {
    throw invalidValue('label', `at most ${MAX_LABEL} characters`, options.label.length);
  }
  if (options.onWait !== undefined && typeof options.onWait !== 'function') {
    throw invalidType('onWait', 'a function', options.onWait);
  }
  if (options.signal !== undefined && !(options.signal instanceof AbortSignal)) {
    throw invalidType('signal', 'an AbortSignal', options.signal);
  }
}

/** Something is done to a file again and again while the lock is held, at least once a day. */
function checkInterval(name: string, value: number | undefined): void {
  if (value === undefined) return;
  if (typeof value !== 'number') throw invalidType(name, 'a number of milliseconds', value);
  if (value >= MIN_LEASE && value <= LONGEST) return;
  throw invalidValue(name, `${MIN_LEASE} to ${LONGEST} milliseconds`, value);
}

/** @throws the errors of {@link checkJudgeOptions}. */
export function checkTryOptions(options: TryAcquireOptions): void {
  checkAcquireOptions(options, TRY_OPTIONS);
}

/** @throws the errors of {@link checkJudgeOptions}. */
export function checkInspectOptions(
  options: InspectOptions,
  known: OptionNames<InspectOptions> = INSPECT_OPTIONS,
): void {
  checkJudgeOptions(options, known);
  checkTime('ownerlessGrace', options.ownerlessGrace);
  const { emptyFile } = options;
  if (emptyFile !== undefined && emptyFile !== 'refuse' && emptyFile !== 'take') {
    throw invalidValue('emptyFile', `'refuse' or 'take'`, emptyFile);
  }
}
