import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** What was measured, kept in a file after each part, so that a run that is cut short leaves what it has. */
export class Result {
  #file;
  #order;
  #machine;
  rows = [];
  bars = [];

  /** @param file undefined: none. Its parts that are not measured anew stay. @param order of the parts. */
  constructor(file, machine, order) {
    this.#file = file;
    this.#order = order;
    const earlier =
      file !== undefined && existsSync(file)
        ? JSON.parse(readFileSync(file, 'utf8'))
        : { rows: [], bars: [] };
    this.#machine = { ...machine, loads: earlier.machine?.loads ?? {} };
    this.rows = earlier.rows;
    this.bars = earlier.bars;
  }

  put(part, load, { rows, bars }) {
    this.#machine.loads[part] = load;
    this.rows = this.#replaced(this.rows, part, rows);
    this.bars = this.#replaced(this.bars, part, bars);
    if (this.#file === undefined) return;
    const text = JSON.stringify({ machine: this.#machine, rows: this.rows, bars: this.bars }, null, 2);
    writeFileSync(this.#file, `${text}\n`);
  }

  #replaced(all, part, fresh) {
    const kept = all.filter((one) => one.part !== part);
    const place = ({ part: name }) => this.#order.indexOf(name);
    return [...kept, ...fresh.map((one) => ({ part, ...one }))].sort((a, b) => place(a) - place(b));
  }
}
