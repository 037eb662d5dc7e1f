import type { OptionNames } from '../known-options.js';
import { checkAcquireOptions } from '../lock/options.js';
import type { NamedAcquireOptions } from './locks.js';

const OPTIONS = {
  timeout: true,
  signal: true,
  onWait: true,
  expectedHold: true,
  label: true,
} satisfies OptionNames<NamedAcquireOptions>;

const { timeout: _, ...TRY_OPTIONS } = OPTIONS;

/** @throws TypeError (ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE) or RangeError (ERR_OUT_OF_RANGE). */
export function checkNamedOptions(options: NamedAcquireOptions, isTry = false): void {
  // The check knows the options by the list, and those of files are in none of these.
  checkAcquireOptions(options, (isTry ? TRY_OPTIONS : OPTIONS) as never);
}
