import { isDate } from 'node:util/types';
import { invalidArgument, kindOf } from '../errors.js';
import { identityIn } from '../identity/format.js';
import type { OptionNames } from '../known-options.js';
import { Fields } from '../text/json-fields.js';

/** The columns of a row by the names that they have in a database of another program. */
export interface RowKeys {
  /** What `selfIdentity()` gave to the owner: an object, or its JSON text. */
  readonly identity?: string | undefined;
  /** A number, or its decimal text. It must be the one in the identity, if the row has both. */
  readonly pid?: string | undefined;
  /**
   * When the owner wrote the row, by the owner's own clock: ms since the epoch, ISO 8601 text with a zone, or
   * a Date. An earlier time, such as that at which a job was queued, makes a living owner seem younger than
   * its row, hence dead. It counts only in a row without an identity, as the next two do.
   */
  readonly createdAt?: string | undefined;
  /**
   * When the owner started, as it read that itself: start ticks (field 22 of /proc/PID/stat), seconds or ms since boot or
   * since the epoch, or the text of such a time. A number, or text.
   */
  readonly starttime?: string | undefined;
  /** The name of the host on which the pid is one. A pid of another host is never judged. */
  readonly hostname?: string | undefined;
  /** /proc/sys/kernel/random/boot_id, as the owner read it. */
  readonly bootId?: string | undefined;
  /**
   * The PID namespace in which the pid is a number: the inode of /proc/self/ns/pid as a number or its decimal text, or
   * what the link says, such as `pid:[4026531836]`.
   */
  readonly pidNamespace?: string | undefined;
}

type Key = keyof RowKeys;

const KEYS = {
  identity: true,
  pid: true,
  createdAt: true,
  starttime: true,
  hostname: true,
  bootId: true,
  pidNamespace: true,
} satisfies OptionNames<RowKeys>;

/**
 * The columns that were named, each read as the type that it must have. null where the column holds NULL. No database gives
 * undefined, so that is a slip, such as `{ owner: row.ownr }`, and of a wrong type.
 */
export class Columns {
  readonly #row: Fields;
  readonly #names: Fields;

  constructor(row: object, keys: unknown) {
    if (typeof keys !== 'object' || keys === null || Array.isArray(keys)) {
      throw invalidArgument("option 'keys' must be an object with the names of columns");
    }
    this.#row = new Fields(row);
    this.#names = new Fields(keys);
    for (const [key, name] of Object.entries(keys)) if (name !== undefined) this.#check(key, name);
    if (!this.#isNamed('identity') && !this.#isNamed('pid')) {
      throw invalidArgument("option 'keys' must name the column of the identity, or that of the pid");
    }
  }

  #check(key: string, name: unknown): void {
    if (!Object.hasOwn(KEYS, key)) {
      throw invalidArgument(
        `option 'keys' has no key '${key}'; its keys are ${Object.keys(KEYS).join(', ')}`,
      );
    }
    if (typeof name !== 'string' || name === '') {
      throw invalidArgument(`option 'keys.${key}' must be the name of a column, not ${kindOf(name)}`);
    }
    if (!this.#row.has(name)) {
      throw invalidArgument(`option 'keys.${key}' names a column that the row does not have: '${name}'`);
    }
  }

  #isNamed(key: Key): boolean {
    return (this.#names.get(key) ?? null) !== null;
  }

  #valueOf(key: Key): unknown {
    return this.#isNamed(key) ? this.#row.get(this.#names.get(key) as string) : null;
  }

  /** A text says what is wrong with the identity. */
  identity() {
    const value = this.#valueOf('identity');
    if (value === null) return null;
    if (typeof value === 'string' || (typeof value === 'object' && !ArrayBuffer.isView(value))) {
      return identityIn(value);
    }
    throw this.#wrongType('identity', 'an object or its JSON text', value);
  }

  /** NaN for a text that is no decimal number: one that begins with a zero may be octal or hexadecimal. */
  number(key: 'pid'): number | null {
    const value = this.#valueOf(key);
    if (value === null || typeof value === 'number') return value;
    if (typeof value === 'bigint') return Number(value);
    if (typeof value === 'string') return /^(0|[1-9]\d{0,15})$/.test(value) ? Number(value) : Number.NaN;
    throw this.#wrongType(key, 'a number or its decimal text', value);
  }

  time(): number | string | Date | null {
    const value = this.#valueOf('createdAt');
    if (value === null || typeof value === 'number' || typeof value === 'string' || isDate(value))
      return value;
    if (typeof value === 'bigint') return Number(value);
    throw this.#wrongType('createdAt', 'a number of ms, ISO 8601 text or a Date', value);
  }

  start(): number | string | null {
    const value = this.#valueOf('starttime');
    if (value === null || typeof value === 'number' || typeof value === 'string') return value;
    if (typeof value === 'bigint') return Number(value);
    throw this.#wrongType('starttime', 'a number or text', value);
  }

  namespace(): number | bigint | string | null {
    const value = this.#valueOf('pidNamespace');
    if (
      value === null ||
      typeof value === 'number' ||
      typeof value === 'bigint' ||
      typeof value === 'string'
    ) {
      return value;
    }
    throw this.#wrongType('pidNamespace', 'a number or text', value);
  }

  text(key: 'hostname' | 'bootId'): string | null {
    const value = this.#valueOf(key);
    if (value === null || typeof value === 'string') return value;
    throw this.#wrongType(key, 'text', value);
  }

  problem(key: Key, what: string): string {
    return `${key}, in column '${this.#names.get(key)}': ${what}`;
  }

  #wrongType(key: Key, wanted: string, value: unknown): TypeError {
    return invalidArgument(
      `option 'keys.${key}': column '${this.#names.get(key)}' must hold ${wanted}, not ${kindOf(value)}`,
    );
  }
}
