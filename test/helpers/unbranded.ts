import type { Descriptor } from '../../src/backend/descriptor.js';

type Unbrand<T> = T extends Descriptor ? number : T;

/** The same operations, which take a plain number for a descriptor: tests open files with node:fs, or make numbers up. */
export type Unbranded<T> = T extends (...args: infer Args) => infer Result
  ? (...args: { [Index in keyof Args]: Unbrand<Args[Index]> }) => Result
  : T extends object
    ? { [Key in keyof T]: Unbranded<T[Key]> }
    : T;
