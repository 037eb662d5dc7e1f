import { invalidType, invalidValue } from '../errors.js';
import { type OptionNames, requireOptions } from '../known-options.js';
import { requireRecorded } from '../record/parse-owner.js';
import type { OwnerOptions } from './judge.js';
import type { JudgeOptions } from './legacy.js';

export const JUDGE_OPTIONS = {
  legacy: true,
  clockSlack: true,
  trustBootId: true,
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
  if (options.trustBootId !== undefined && typeof options.trustBootId !== 'boolean') {
    throw invalidType('trustBootId', 'a boolean', options.trustBootId);
  }
}

export function checkTime(name: string, ms: unknown): void {
  if (ms === undefined) return;
  if (typeof ms !== 'number') throw invalidType(name, 'a number of milliseconds', ms);
  if (!(ms >= 0)) throw invalidValue(name, 'zero or more milliseconds', ms);
}
