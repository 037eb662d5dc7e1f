import { writeSync } from 'node:fs';
import { sleepSync } from '../backend/sleep.js';
import { errnoOf } from '../backend/system-error.js';
import type { NamedInspection } from '../engine/locks.js';
import type { InspectedLock } from '../lock/inspect.js';
import { printable, printableJson } from '../text/printable.js';

/*
 * This program writes straight to the descriptors. process.stdout and process.stderr would put a pipe into
 * non-blocking mode, and a command under `run` inherits that same pipe and does not expect EAGAIN from it.
 */
const STDOUT = 1;
const STDERR = 2;

/** Pause in ms before the next write to a full pipe that another process made non-blocking. */
const FULL_PIPE_PAUSE = 5;

/**
 * Prints text, which must be printable, and a newline. A reader that went away (`| head -1`) is no error.
 * @returns false when it went away, so that there is no use in printing more.
 */
export function print(text: string): boolean {
  return write(STDOUT, `${text}\n`);
}

/** Prints text as it is, which may hold control sequences of this program's own. */
export function printRaw(text: string): boolean {
  return write(STDOUT, text);
}

export function printJson(value: unknown): void {
  print(printableJson(value));
}

/** Prints a value in one line, and reports as {@link print} does. */
export function printJsonLine(value: unknown): boolean {
  return print(printableJson(value, 0));
}

/** The fields of an inspection that scripts may rely on. */
export function inspectionJson(inspection: InspectedLock) {
  const { path, format, state, verdict, owner, ageMs } = inspection;
  return { path, format, state, verdict, owner, ageMs, ...engineFields(inspection) };
}

/** What only a lock on an engine has. */
function engineFields(inspection: InspectedLock & Partial<NamedInspection>) {
  const { fencingToken, waiting } = inspection;
  return fencingToken === undefined ? {} : { fencingToken, waiting };
}

/** Prints one line on stderr, whatever is in the message. Never throws: no other way to report is left. */
export function complain(message: string): void {
  try {
    write(STDERR, `kernel-identity: ${printable(message)}\n`);
  } catch {}
}

/** Prints a question on stderr, without a newline. */
export function ask(question: string): void {
  write(STDERR, question);
}

/** @returns false when nobody reads it any more. */
function write(descriptor: number, text: string): boolean {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      const code = errnoOf(error);
      if (code === 'EPIPE') return false;
      if (code !== 'EAGAIN') throw error;
      sleepSync(FULL_PIPE_PAUSE);
    }
  }
  return true;
}
