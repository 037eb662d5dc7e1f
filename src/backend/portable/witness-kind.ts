import type { WitnessTest } from '../backend.js';
import type { Handle, HeldWitness } from './handles.js';

/** What a system offers that an owner can hold and others can test, by nothing but opening a file. */
export interface WitnessKind {
  /** Throws EAGAIN or EBUSY when another has it. */
  take(handle: Handle): HeldWitness;
  test(handle: Handle): WitnessTest;
  testAnyLock(handle: Handle): WitnessTest;
  /** Makes an inherited descriptor the witness of `handle`. Throws EBADF unless it is open on the witness's file. */
  takeOver(handle: Handle, inherited: number): HeldWitness;
}
