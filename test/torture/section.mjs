// The work inside the critical section, which shows when two processes are inside at once; nothing here knows
// the lock. Every step is a line of one journal that all processes append to, so that the kernel puts all
// lines into one order.
// e <who> <ms>                     entered
// w <who> <value> <free|late|busy> is about to set the counter to <value>; the state of the kernel lock
// d <who>                          the counter is written; leaves
// r <who>                          the lock is released
// f <who> <text>                   something that must not be
import { closeSync, openSync, readdirSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { loadAddon } from '../../build/modules/internals.js';

const WIDTH = 12;
/** ms that the kernel may need to take apart a process that was killed. */
const LATE = 100;

export class Section {
  #who;
  #counter;
  #journal;
  #oracle;
  #witness;

  constructor(directory, who) {
    this.#who = who;
    this.#counter = openSync(join(directory, 'counter'), 'r+');
    this.#journal = openSync(join(directory, 'journal'), 'a');
    this.#oracle = join(directory, 'oracle');
    this.#witness = loadAddon().witness;
  }

  /** @returns the visit; call {@link leave} to end it. */
  enter() {
    this.#write(`e ${this.#who} ${Date.now()}`);
    const oracle = this.#openHigh();
    const state = this.#take(oracle);
    const buffer = Buffer.alloc(WIDTH);
    readSync(this.#counter, buffer, 0, WIDTH, 0);
    const value = Number(buffer.toString('latin1')) + 1;
    this.#write(`w ${this.#who} ${value} ${state}`);
    return { oracle, value };
  }

  leave({ oracle, value }) {
    writeSync(this.#counter, Buffer.from(String(value).padStart(WIDTH)), 0, WIDTH, 0);
    this.#write(`d ${this.#who}`);
    closeSync(oracle);
  }

  released() {
    this.#write(`r ${this.#who}`);
  }

  fault(text) {
    this.#write(`f ${this.#who} ${text.replaceAll('\n', ' ')}`);
  }

  /**
   * Opens the file under a high descriptor. A killed process loses its file locks one after the other, from
   * the highest descriptor down (Linux 6.18; no promise). The successor must not find this lock still held
   * when the lock under test is already free.
   */
  #openHigh() {
    const highest = Math.max(...readdirSync('/proc/self/fd').map(Number));
    const opened = [openSync(this.#oracle, 'r+')];
    while (opened.at(-1) < highest) opened.push(openSync(this.#oracle, 'r+'));
    const oracle = opened.pop();
    for (const low of opened) closeSync(low);
    return oracle;
  }

  /**
   * `late` means that the lock was held by a process that was gone a moment later. If that process lived, its
   * next line shows it.
   */
  #take(oracle) {
    const until = performance.now() + LATE;
    for (let state = 'free'; ; state = 'late') {
      try {
        this.#witness.take(oracle);
        return state;
      } catch (error) {
        if (error.code !== 'EAGAIN') throw error;
        if (performance.now() > until) return 'busy';
      }
    }
  }

  #write(line) {
    writeSync(this.#journal, `${line}\n`);
  }
}
