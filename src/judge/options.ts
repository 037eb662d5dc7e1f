import { invalidType, invalidValue, requireOptions } from '../errors.js';
import type { JudgeOptions } from './legacy.js';

/**
 * Everything that judges checks these options, because a slip of the pen would otherwise weaken a judgement: a misspelt
 * `legacy` counts as `assume`.
 * @throws TypeError (ERR_INVALID_ARG_TYPE) or RangeError (ERR_OUT_OF_RANGE).
 */
export function checkJudgeOptions(options: JudgeOptions): void {
  requireOptions(options);
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
