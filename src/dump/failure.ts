import { types } from 'node:util';

/** An error as plain data. */
export interface Failure {
  /** An errno name or an error code, such as `ENOENT` or `ERR_NOT_A_LOCK`; null when the error has none. */
  readonly code: string | null;
  readonly message: string;
}

export function toFailure(error: unknown): Failure {
  if (!types.isNativeError(error)) return { code: null, message: String(error) };
  const { code } = error as { code?: unknown };
  return { code: typeof code === 'string' ? code : null, message: error.message };
}
