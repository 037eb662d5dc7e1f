import { invalidType, invalidValue } from '../errors.js';
import { type OptionNames, requireOptions } from '../known-options.js';
import { requireRecorded } from '../record/parse-owner.js';
import type { OwnerOptions } from './judge.js';

/** How owners are judged. The first two options are for records that hold a pid and no identity. */
export interface JudgeOptions {
  /**
   * `assume` (default): the pid is taken to be of this PID namespace, as its writer takes it. That can
   * misjudge a pid-only lock of a live sibling container on a shared volume. `unknown`: such a record is
   * never judged.
   */
  readonly legacy?: 'assume' | 'unknown' | undefined;
  /** ms by which the wall clock may have been set since the record was written. Default 60 000. */
  readonly clockSlack?: number | undefined;
  /**
   * True: an owner with this machine's boot id ran on this very kernel, so that the end of its process or a free
   * lifeline is its death wherever the record stands. Default false: two copies of one virtual machine have the same
   * boot id, and may meet on a shared filesystem or in a database. The verdict is `assumed`.
   */
  readonly trustBootId?: boolean | undefined;
  /**
   * True: another program's record was written on this host, in this PID namespace, though it names another host or
   * container, as one does that a container has left which was made anew since, or though it stands on a filesystem
   * that other machines can write to. By default the environment variable KERNEL_IDENTITY_SAME_HOST decides, with 1
   * for true. A record that names another machine-id, PID namespace or platform stays unknown.
   */
  readonly sameHost?: boolean | undefined;
}

export const JUDGE_OPTIONS = {
  legacy: true,
  clockSlack: true,
  trustBootId: true,
  sameHost: true,
} satisfies OptionNames<JudgeOptions>;

const OWNER_OPTIONS = {
  ...JUDGE_OPTIONS,
  lock: true,
  path: true,
  keys: true,
} satisfies OptionNames<OwnerOptions>;

/**
 * Checks the arguments of judgeOwner() and watchOwner().
 * @throws TypeError (ERR_INVALID_ARG_TYPE); the errors of {@link checkJudgeOptions}.
 */
export function checkJudgement(recorded: unknown, options: OwnerOptions): void {
  requireRecorded(recorded);
  checkJudgeOptions(options, OWNER_OPTIONS);
}

/**
 * Everything that judges checks these options, because a slip of the pen would otherwise weaken a judgement: a misspelt
 * `legacy` counts as `assume`.
 * @param known the options of the function that was called.
 * @throws TypeError (ERR_INVALID_ARG_TYPE, or ERR_INVALID_ARG_VALUE for an option that there is not) or RangeError
 * (ERR_OUT_OF_RANGE).
 */
export function checkJudgeOptions(options: JudgeOptions, known: OptionNames<JudgeOptions>): void {
  requireOptions(options, known);
  // The names are literal, because V8 takes a slow path for a property whose name is in a variable.
  checkTime('clockSlack', options.clockSlack);
  if (options.legacy !== undefined && options.legacy !== 'assume' && options.legacy !== 'unknown') {
    throw invalidValue('legacy', `'assume' or 'unknown'`, options.legacy);
  }
  checkBoolean('trustBootId', options.trustBootId);
  checkBoolean('sameHost', options.sameHost);
}

export function checkBoolean(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean') throw invalidType(name, 'a boolean', value);
}

export function checkTime(name: string, ms: unknown): void {
  if (ms === undefined) return;
  if (typeof ms !== 'number') throw invalidType(name, 'a number of milliseconds', ms);
  if (!(ms >= 0)) throw invalidValue(name, 'zero or more milliseconds', ms);
}
