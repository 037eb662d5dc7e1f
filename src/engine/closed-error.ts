import { withCode } from '../errors.js';

/** What every call throws after `close()` (ERR_INVALID_STATE). */
export function closedError(address: string): Error {
  return withCode(new Error(`the locks of ${address} were closed`), 'ERR_INVALID_STATE');
}
