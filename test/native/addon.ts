import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Addon, loadAddon } from '../../src/backend/native.js';
import type { Requirement } from '../helpers/requirements.js';
import type { Unbranded } from '../helpers/unbranded.js';

function load(): { addon: Unbranded<Addon>; built: Requirement } {
  try {
    return { addon: loadAddon() as Unbranded<Addon>, built: { available: true, reason: '' } };
  } catch (error) {
    // describeRequiring skips the tests that would use it.
    return {
      addon: {} as Unbranded<Addon>,
      built: { available: false, reason: `${(error as Error).message}: npm run build` },
    };
  }
}

/** The addon without the facade, and whether there is one. */
export const { addon, built } = load();

export const files = addon.files;
export const processes = addon.processes;
export const witness = addon.witness;
export const watch = addon.watch;
export const lease = addon.lease;
export const lifeline = addon.lifeline;

/** Memory for the words of a watch: it is shared, because the addon takes no other. */
export function sharedWords(length: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT));
}

export function nativeFixture(name: string): string {
  const path = fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
  if (!existsSync(path)) throw new Error(`no such fixture: ${name}`);
  return path;
}

export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

/** The descriptors of a process that lead to the file of the lifelines. */
export function namespaceFds(pid: number | 'self' = 'self'): string[] {
  return readdirSync(`/proc/${pid}/fd`).filter((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`) === 'time:[4026531834]';
    } catch {
      // It has been closed, or it was the descriptor of the listing itself.
      return false;
    }
  });
}

/** The error that a call throws. */
export function thrownBy(call: () => unknown): NodeJS.ErrnoException & { dest?: string } {
  try {
    call();
  } catch (error) {
    if (error instanceof Error) return error;
    throw new Error(`threw ${String(error)}, which is no Error`);
  }
  throw new Error('did not throw');
}
