import type { Backend } from '../backend/backend.js';
import { compareIdentities } from '../identity/compare.js';
import { currentObserver } from '../identity/observer.js';
import type { ProcessIdentity } from '../identity/process-identity.js';
import { sightProcess } from '../identity/sighting.js';
import { type JudgeOptions, judgeOwner } from '../judge/judge.js';
import type { Verdict } from '../judge/verdict.js';
import type { OwnerRecord } from '../record/owner-record.js';

const RUNNING = 0;

/**
 * Watches one owner. Reading {@link alive} is a memory read where the kernel reports the owner's exit through a pidfd
 * ({@link event} is then true): a thread of the addon writes into that memory, whether or not the event loop runs.
 * Elsewhere every read judges anew. To be closed.
 */
export class OwnerWatch {
  readonly #recorded: ProcessIdentity | OwnerRecord;
  readonly #options: JudgeOptions;
  readonly #backend: Backend;
  /** One word: 0 until the process has exited. */
  readonly #words: Int32Array;
  #ticket: number | null;
  #verdict: Verdict;

  /** @internal */
  constructor(recorded: ProcessIdentity | OwnerRecord, options: JudgeOptions) {
    this.#recorded = recorded;
    this.#options = options;
    this.#backend = currentObserver().backend;
    // With a buffer of its own its memory never moves, so that the thread can write to it.
    this.#words = new Int32Array(new ArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    this.#ticket = startWatching(this.#backend, recorded, this.#words);
    // Judged after the watch began, so that no exit falls between the two.
    this.#verdict = judgeOwner(recorded, options);
  }

  /** False once the owner is known to be dead. An owner that nobody can judge counts as alive: see {@link verdict}. */
  get alive(): boolean {
    // Atomics: a plain read could be taken out of an empty loop by the compiler.
    if (this.#ticket !== null && Atomics.load(this.#words, 0) === RUNNING) return true;
    return this.verdict.state !== 'dead';
  }

  /** The latest judgement. */
  get verdict(): Verdict {
    const isSettled = this.#verdict.state === 'dead';
    const isWatched = this.#ticket !== null && Atomics.load(this.#words, 0) === RUNNING;
    if (!isSettled && !isWatched) this.#verdict = judgeOwner(this.#recorded, this.#options);
    return this.#verdict;
  }

  /** True: the kernel reports the exit. False: every read of {@link alive} costs a judgement. */
  get event(): boolean {
    return this.#ticket !== null;
  }

  /** Ends the watch; {@link alive} then judges at every read. A second call does nothing. */
  close(): void {
    if (this.#ticket === null) return;
    this.#backend.watch?.cancel(this.#ticket);
    this.#ticket = null;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Watches the process that wrote a record.
 * @param recorded an identity, or a record as `inspectLock` returns it.
 * @throws BackendUnavailableError (ERR_BACKEND_UNAVAILABLE) where no backend works.
 */
export function watchOwner(recorded: ProcessIdentity | OwnerRecord, options: JudgeOptions = {}): OwnerWatch {
  return new OwnerWatch(recorded, options);
}

/** A ticket, or null where the owner cannot be watched: gone, not visible from here, or no descriptor to be had. */
function startWatching(
  backend: Backend,
  recorded: ProcessIdentity | OwnerRecord,
  words: Int32Array,
): number | null {
  const { watch, processes, files } = backend;
  const identity = 'identity' in recorded ? recorded.identity : recorded;
  if (watch === null || identity === null) return null;
  const pidfd = processes.openPidfd(identity.pid);
  if (typeof pidfd === 'string') return null;
  try {
    // Looked at after the pidfd was opened: if the number has the owner now, the pidfd is the owner's.
    const sighting = sightProcess(currentObserver(), identity.pid, identity.pidfdInode === null);
    if (sighting.identity === null || compareIdentities(identity, sighting.identity) !== 'same') return null;
    const ticket = watch.onExit(pidfd, words, 0);
    return typeof ticket === 'number' ? ticket : null;
  } finally {
    files.close(pidfd);
  }
}
