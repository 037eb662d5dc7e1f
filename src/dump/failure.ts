import { types } from 'node:util';

/** An error as plain data. */
export interface Failure {
  /** `ENOENT`, `ERR_NOT_A_LOCK`, ...; null: it has none. */
  readonly code: string | null;
  readonly message: string;
}

export function toFailure(error: unknown): Failure {
  if (!types.isNativeError(error)) return { code: null, message: String(error) };
  const { code } = error as NodeJS.ErrnoException;
  return { code: typeof code === 'string' ? code : null, message: error.message };
}
