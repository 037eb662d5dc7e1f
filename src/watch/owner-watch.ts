import type { Backend } from '../backend/backend.js';
import { currentObserver } from '../identity/observer.js';
import type { ProcessIdentity } from '../identity/process-identity.js';
import { judgeAtLock, type OwnerOptions, type RowOptions, withRecordedFile } from '../judge/judge.js';
import { checkJudgement } from '../judge/options.js';
import type { Verdict } from '../judge/verdict.js';
import type { OwnerRecord, OwnerRow } from '../record/owner-record.js';
import { recordedOwner } from '../record/recorded-owner.js';
import { type KernelEvent, startWatching } from './kernel-event.js';

/** The word of a watch before the addon's thread writes 1 into it. */
const NOT_YET = 0;

/**
 * Watches one owner. Call {@link close} when done.
 *
 * Where the kernel reports the owner's end ({@link event} is then true), reading {@link alive} is a memory
 * read: a thread of the addon writes into that memory as soon as the kernel wakes it, whether or not the
 * event loop runs. On an idle machine that took 0.13 ms from a process's death, and 3.2 ms where a witness is
 * watched, because the kernel frees that only after it has reported the close (medians; `npm run bench`
 * measures them). It takes up to 60 ms where a lifeline is watched while processes come and go on this kernel, more
 * than 20 a second. Elsewhere every read judges anew.
 *
 * The watch is on the lock's witness if the option `lock` is given and the witness can be tested. `alive` is
 * then true as long as any process has the witness, such as a command that inherited it from an owner that
 * died, and false once the owner has released the lock, though it may live on. Otherwise the watch is on the
 * process: by a pidfd, or by its lifeline where it is in a sibling container. The end of a lifeline makes the judge
 * read everything anew: `alive` turns false only where its verdict is `dead`.
 */
export class OwnerWatch {
  readonly #recorded: object;
  readonly #options: OwnerOptions;
  readonly #backend: Backend;
  readonly #words: Int32Array;
  /** null when there is nothing that the kernel would report, or when the watch was closed. */
  #event: KernelEvent | null = null;
  #verdict: Verdict;

  /** @internal */
  constructor(recorded: object, options: OwnerOptions) {
    this.#recorded = recorded;
    this.#options = options;
    const observer = currentObserver();
    this.#backend = observer.backend;
    // Shared memory stays where it is and cannot be detached, so that the thread can write to it.
    this.#words = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const record = recordedOwner(recorded, options.keys);
    this.#event = withRecordedFile(record, options, (site) =>
      startWatching(observer, record, site, this.#words),
    );
    // The owner is judged after the watch began, so that no end falls between the two.
    this.#verdict = judgeAtLock(record, options);
    if (this.#verdict.state === 'dead') this.close();
  }

  /**
   * False once the owner is known to be dead. An owner whose {@link verdict} is `unknown` counts as alive.
   */
  get alive(): boolean {
    // This is no plain read, because the compiler could move a plain read out of an empty loop.
    if (this.#event !== null && Atomics.load(this.#words, 0) === NOT_YET) return true;
    return this.verdict.state !== 'dead';
  }

  /**
   * The latest judgement: the answer of `judgeOwner` with the same options, and with what the watch has seen
   * since.
   */
  get verdict(): Verdict {
    const event = this.#event;
    const hasEnded = event !== null && Atomics.load(this.#words, 0) !== NOT_YET;
    if (this.#verdict.state === 'dead' || (event !== null && !hasEnded)) return this.#verdict;
    const record = recordedOwner(this.#recorded, this.#options.keys);
    this.#verdict = judgeAtLock(record, this.#options, event?.seen);
    return this.#verdict;
  }

  /** True when the kernel reports the end. False when every read of {@link alive} costs a judgement. */
  get event(): boolean {
    return this.#event !== null;
  }

  /** Ends the watch; {@link alive} then judges at every read. A second call does nothing. */
  close(): void {
    if (this.#event === null) return;
    this.#backend.watch?.cancel(this.#event.ticket);
    this.#event = null;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Watches the process that wrote a record.
 * @param recorded what `judgeOwner` takes: an identity, a row, or a record as `inspectLock` returns it.
 * @param options Without `lock` or `path` the death of an owner in a sibling container leaves it `unknown`, because
 * nothing says where its record stands.
 * @example
 * const watch = watchOwner(selfIdentity());
 * console.log(watch.alive); // true
 * watch.close();
 * @throws the errors of `judgeOwner`.
 */
export function watchOwner(
  recorded: ProcessIdentity | OwnerRecord | OwnerRow,
  options?: OwnerOptions,
): OwnerWatch;
/**
 * Watches the process that wrote a row of a database whose columns have names of their own.
 * @example
 * const watch = watchOwner({ id: 1, owner: selfIdentity() }, { keys: { identity: 'owner' } });
 * console.log(watch.alive); // true
 * watch.close();
 * @throws the errors of `judgeOwner`.
 */
export function watchOwner(row: object, options: RowOptions): OwnerWatch;
export function watchOwner(recorded: object, options: OwnerOptions = {}): OwnerWatch {
  checkJudgement(recorded, options);
  return new OwnerWatch(recorded, options);
}
