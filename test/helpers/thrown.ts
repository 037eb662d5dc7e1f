/** What the call throws. */
export function thrown(call: () => unknown): NodeJS.ErrnoException {
  try {
    call();
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
  throw new Error('nothing was thrown');
}

/** The errno name of what the call throws. */
export function codeOf(call: () => unknown): string | undefined {
  return thrown(call).code;
}
