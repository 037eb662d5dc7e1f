// A wall clock that is set while a program runs: libfaketime, which is loaded before libc. CLOCK_MONOTONIC and
// CLOCK_BOOTTIME go on as they are, as when somebody sets the clock of a machine.
import { writeFileSync } from 'node:fs';
import { file } from './needs.mjs';

const ARCHITECTURE = { x64: 'x86_64', arm64: 'aarch64' }[process.arch];
export const FAKETIME = `/usr/lib/${ARCHITECTURE}-linux-gnu/faketime/libfaketime.so.1`;
export const MS_PER_HOUR = 3_600_000;

/** @param {string} part whose packages bring it */
export const hasFaketime = (part) => file(FAKETIME, `npm run test:deep:install ${part}`);

export class SteppedClock {
  #path;
  #hours = 0;

  /** @param {string} path of a file that says how far the clock is off */
  constructor(path) {
    this.#path = path;
    this.set(0);
  }

  /** What a program gets whose clock this is. */
  get env() {
    return {
      LD_PRELOAD: FAKETIME,
      FAKETIME_TIMESTAMP_FILE: this.#path,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }

  /** @param {number} hours from the true time */
  set(hours) {
    this.#hours = hours;
    writeFileSync(this.#path, `${hours < 0 ? '-' : '+'}${(Math.abs(hours) * MS_PER_HOUR) / 1_000}`);
  }

  /** The true time of a moment on this clock. @param {number} at milliseconds, while the clock was as it is */
  trueTime(at) {
    return at - this.#hours * MS_PER_HOUR;
  }
}
