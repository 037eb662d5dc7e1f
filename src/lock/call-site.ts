import { fileURLToPath } from 'node:url';
import { heldLockOf } from '../judge/held-locks.js';
import { isDebugging } from './events.js';

/** Frames that are searched, those of this package included. */
const DEPTH = 40;

/** Frames such as `at async Promise.all (index 0)` are in no file. */
const IN_A_FILE = /^at .*:\d+:\d+\)?$/;

/**
 * The line of the program that called this package, as a stack trace shows it. null when none is found. It takes some
 * microseconds, so call it only where a person will read it.
 */
export function callSite(): string | null {
  const limit = Error.stackTraceLimit;
  // Node can be told to freeze its errors, and then the limit stays as it is.
  Reflect.set(Error, 'stackTraceLimit', DEPTH);
  const { stack = '' } = new Error();
  Reflect.set(Error, 'stackTraceLimit', limit);
  const own = ownFile();
  const frames = stack.split('\n').map((line) => line.trim());
  return frames.find((line) => IN_A_FILE.test(line) && !isOwn(line, own)) ?? null;
}

/** The last sentence of a warning: where the program took the lock with this nonce, or how that can be seen. */
export function whereTaken(nonce: string): string {
  const takenAt = heldLockOf(nonce)?.takenAt ?? null;
  if (takenAt !== null) return ` The lock was taken ${takenAt}.`;
  // Where nothing waited for the acquisition, its stack has no line of the program.
  return isDebugging ? '' : ' NODE_DEBUG=kernel-identity shows where it was taken.';
}

function isOwn(line: string, own: string | null): boolean {
  return line.includes('node:') || (own !== null && line.includes(own));
}

/** The file into which the package was bundled. null in a bundle of another program that does not know it. */
function ownFile(): string | null {
  // The build puts a variable in the place of these very words.
  const url: string | undefined = import.meta.url;
  return url === undefined ? null : fileURLToPath(url);
}
