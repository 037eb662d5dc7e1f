/** Returns the error that the call throws. */
export function thrown(call: () => unknown): NodeJS.ErrnoException {
  try {
    call();
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
  throw new Error('nothing was thrown');
}

/** Returns the errno name of the error that the call throws. */
export function codeOf(call: () => unknown): string | undefined {
  return thrown(call).code;
}
