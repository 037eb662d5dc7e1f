import type { Errno, WitnessTest } from '../backend.js';
import { requireAddon } from '../require-addon.js';

/** The systems that have such an addon. Each knows of processes and volumes only, and leaves files to plain Node. */
const SYSTEMS: ReadonlySet<string> = new Set(['win32', 'darwin']);

/** What the kernel shows of a process. */
export interface ProcessSight {
  /** A number that no other process has within this boot, decimal. null: not known. */
  readonly key: string | null;
  /** Microseconds since 1970, as the wall clock was then. null: not known. */
  readonly started: number | null;
  /** All its threads have ended, though the system may still keep its number. */
  readonly hasExited: boolean;
}

/** The exports of the addons for Windows and macOS: native/thin/addon.cc. */
export interface ThinAddon {
  /** SHA-256 of the sources that it was built from. */
  readonly sourceHash: string;
  /** A text that is equal in all processes of one boot of this machine, and in no others. null: not known. */
  boot(): string | null;
  /** Whether the number of a process means the same process to all others of this kernel. False also if not known. */
  numbersAreShared(): boolean;
  /** ESRCH: no process has the number. EPERM: the system does not say. ENOMEM: nothing was learned. */
  probe(pid: number): ProcessSight | Errno;
  /**
   * The name of the filesystem that the file is on, such as `NTFS` or `apfs`. null where it is none of this machine's own
   * disks, or not known.
   */
  volume(path: string): string | null;
  /**
   * Whether a process has the witness on the file of this descriptor of the kernel. It takes no lock. Always `untestable`
   * on Windows.
   */
  testWitness(descriptor: number): WitnessTest;
  /**
   * Once the process that has the number `pid` now has ended, calls `wake` in the event loop, which that keeps alive. Where
   * `wake` is null, it writes 1 into `words[index]`, and keeps nothing alive. Answers a ticket, or why it cannot watch.
   */
  watchEnd(pid: number, words: Int32Array | null, index: number, wake: (() => void) | null): number | Errno;
  /**
   * Calls `wake` once {@link testWitness} finds the witness on the file of this descriptor of the kernel free, and whenever
   * the file is renamed or deleted. Where `wake` is null, it writes 1 into `words[index]` once the witness is free. Otherwise
   * like {@link watchEnd}. ENOTSUP on Windows. The addon has a descriptor of its own until that is over.
   */
  watchFile(
    descriptor: number,
    words: Int32Array | null,
    index: number,
    wake: (() => void) | null,
  ): number | Errno;
  /** Nothing is written or called afterwards. A ticket that is over is ignored. */
  cancel(ticket: number): void;
}

/** @throws {Error} saying why it does not load. */
export function loadThinAddon(platform: string = process.platform): ThinAddon {
  if (!SYSTEMS.has(platform)) throw new Error(`there is no addon for ${platform}`);
  const addon = requireAddon([]) as Partial<ThinAddon>;
  // A program that lacks a function of Node-API gets an object that is not complete.
  if (addon.sourceHash === undefined)
    throw new Error('the native addon does not find what it needs of Node-API');
  return addon as ThinAddon;
}
