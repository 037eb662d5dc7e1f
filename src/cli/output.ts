import { writeSync } from 'node:fs';
import { errnoOf } from '../backend/system-error.js';
import { sleepSync } from '../sleep.js';
import { printable, printableJson } from '../text/printable.js';

/*
 * Written straight to the descriptors. process.stdout and process.stderr would put a pipe into non-blocking mode, and
 * with it the very pipe that a command under `run` inherits and does not expect to answer EAGAIN.
 */
const STDOUT = 1;
const STDERR = 2;

/** ms to wait for a full pipe that somebody else made non-blocking. */
const FULL_PIPE_PAUSE = 5;

/** Prints text, which must be printable, and a line end. A reader who has gone away (`| head -1`) is no error. */
export function print(text: string): void {
  write(STDOUT, `${text}\n`);
}

export function printJson(value: unknown): void {
  print(printableJson(value));
}

/** Prints one line on stderr, whatever is in the message. Never throws: there is nobody left to tell. */
export function complain(message: string): void {
  try {
    write(STDERR, `kernel-identity: ${printable(message)}\n`);
  } catch {}
}

function write(descriptor: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      const code = errnoOf(error);
      if (code === 'EPIPE') return;
      if (code !== 'EAGAIN') throw error;
      sleepSync(FULL_PIPE_PAUSE);
    }
  }
}
