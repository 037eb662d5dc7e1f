/** Reads the properties of a parsed JSON value. Those that other code has added to Object.prototype do not count. */
export class Fields {
  readonly value: object;

  constructor(value: object) {
    this.value = value;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.value, name);
  }

  get(name: string): unknown {
    return this.has(name) ? (this.value as Readonly<Record<string, unknown>>)[name] : undefined;
  }
}
