import { compiled } from './compiled.mjs';
import { Talker } from './processes.mjs';
import { elsewhere } from './sample.mjs';

/** A pid that no process has, because it is above the kernel's PID_MAX_LIMIT. */
export const GONE_PID = 2 ** 22;

export const NO_COMPILER = 'no compiler';

/** The C program of floor/floor.c, which measures its system calls itself. */
export class Floor {
  #talker;

  constructor(talker) {
    this.#talker = talker;
  }

  /**
   * @param pid the process to judge. @param gone the pid of a process that is gone.
   * @param lock the name of a lock in `directory`, to be inspected. @param lifeline the offset of one that is held.
   * @returns null when there is no compiler.
   */
  static start({ pid = process.pid, gone = GONE_PID, directory = '.', lock = '-', lifeline = '0' }) {
    const program = compiled('floor/floor');
    if (program === null) return null;
    return new Floor(new Talker(program, String(pid), String(gone), directory, lock, lifeline));
  }

  /** Returns one operation as a subject for `interleave`. */
  subject(operation, batch) {
    return elsewhere(this.#talker, operation, batch);
  }

  end() {
    return this.#talker.kill();
  }
}
