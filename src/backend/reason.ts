import { types } from 'node:util';

/** Why something failed, in one line for a person. */
export function reasonOf(error: unknown): string {
  if (!types.isNativeError(error)) return String(error);
  const line = error.message.trim().replace(/\s*\n\s*/g, ' ');
  // Node's permission model says what it denied only beside the message.
  const { permission, resource } = error as { permission?: string; resource?: string };
  return permission === undefined ? line : `${line} (${permission} ${resource ?? ''})`.replace(/ \)$/, ')');
}
