import { parseOwnerFile } from '../record/parse.js';
import { isPidOfNobody } from '../record/strangers-pid.js';

/**
 * True for the content of a lock or PID file that names no owner, and was not meant to stay so: it is empty, blank or
 * zeroed, or JSON that breaks off, as a crash in the middle of a write leaves it; or its pid is one that programs write
 * for nobody. It says nothing of whether a program works under the lock. Never throws.
 */
export function namesNobody(text: string): boolean {
  const digits = /^[ \t]*(-?\d)[ \t]*(?:\r?\n)?$/.exec(text)?.[1];
  if (digits !== undefined) return isPidOfNobody(Number(digits));
  return parseOwnerFile(text, null).kind === 'torn';
}
