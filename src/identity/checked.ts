/**
 * Remembers the values of one kind that this process made and checked itself. When a caller hands such a value
 * back, it need not be checked again. Each kind has an instance of its own, so that an identity never passes
 * for a checked record.
 */
export class Checked<T extends object> {
  readonly #values = new WeakSet<object>();

  markChecked(value: T): T {
    this.#values.add(value);
    return value;
  }

  isChecked(value: object): value is T {
    return this.#values.has(value);
  }
}
