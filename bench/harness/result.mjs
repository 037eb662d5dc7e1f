import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** What was measured. The file is written after each part, so that an interrupted run keeps its finished parts. */
export class Result {
  #file;
  #order;
  #machine;
  rows = [];
  bars = [];

  /**
   * @param file the JSON file; undefined when nothing is to be written. Its parts that are not measured anew stay.
   * @param order the names of all parts, in the order of the report.
   */
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
