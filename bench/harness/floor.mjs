import { compiled } from './compiled.mjs';
import { Talker } from './processes.mjs';
import { elsewhere } from './sample.mjs';

/** A pid that no process has: beyond PID_MAX_LIMIT of the kernel. */
export const GONE_PID = 2 ** 22 + 1;

export const NO_COMPILER = 'no compiler';

/** The C program of floor/floor.c, which measures its system calls itself. */
export class Floor {
  #talker;

  constructor(talker) {
    this.#talker = talker;
  }

  /**
   * @param pid the process to judge. @param gone the number of one that is gone.
   * @param lock a lock in `directory` to look at, by name.
   * @returns null where there is no compiler.
   */
  static start({ pid = process.pid, gone = GONE_PID, directory = '.', lock = '-' }) {
    const program = compiled('floor/floor');
    if (program === null) return null;
    return new Floor(new Talker(program, String(pid), String(gone), directory, lock));
  }

  /** One operation as a subject for `interleave`. */
  subject(operation, batch) {
    return elsewhere(this.#talker, operation, batch);
  }

  end() {
    return this.#talker.kill();
  }
}
