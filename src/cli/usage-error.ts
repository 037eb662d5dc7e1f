/** The command line cannot be understood. The message is one line, without a capital or a full stop. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
