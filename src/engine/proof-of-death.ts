import { monotonicMs } from '../backend/monotonic-clock.js';
import { judgeRecord } from '../judge/judge.js';
import type { Verdict } from '../judge/verdict.js';
import { RecentMap } from '../recent-map.js';
import { NOWHERE } from '../record/owner-file.js';
import type { OwnerRecord } from '../record/owner-record.js';
import { parseOwnerFile } from '../record/parse.js';
import type { Engine, Entry } from './engine.js';
import { Renewals } from './renewals.js';

/** What the records of engines say in place of a filesystem. Several kernels can have such a place. */
export const PLACE = 'etcd';

/** What is known of the one who made an entry. */
export interface Judgement {
  /** null: the entry holds no record of this package. */
  readonly owner: OwnerRecord | null;
  readonly verdict: Verdict | null;
  readonly description: string;
}

export interface ProofOptions {
  /** See `EtcdOptions`. */
  readonly settle: number;
  readonly trustBootId: boolean;
}

/**
 * Finds out whether the owner of an entry is dead. That it cannot be seen here proves nothing, because it may be on
 * another machine. Dead is only one whose lifeline this process saw held, under the nonce of that record, and now sees
 * free; with `trustBootId` also one with this boot id whose lifeline is free.
 */
export class ProofOfDeath {
  readonly #engine: Engine;
  readonly #options: ProofOptions;
  /** What was seen of each lease, by its id. One that was forgotten proves nothing wrong: a copy is then noticed later. */
  readonly #renewals = new RecentMap<Renewals>(4096);
  /** When the owner of an entry was first seen to be dead, by key and token. */
  readonly #deaths = new RecentMap<number>(4096);

  constructor(engine: Engine, options: ProofOptions) {
    this.#engine = engine;
    this.#options = options;
  }

  /** Milliseconds; see `EtcdOptions`. */
  get settle(): number {
    return this.#options.settle;
  }

  /** Judges by what this kernel shows, and remembers a lifeline that is held. */
  judge(entry: Entry): Judgement {
    const owner = recordIn(entry);
    if (owner === null) {
      const words = `its entry names no owner that could be judged, ${this.#endOf(entry)}`;
      return { owner, verdict: null, description: words };
    }
    const { trustBootId } = this.#options;
    const verdict = judgeRecord(owner, NOWHERE, { trustBootId });
    return { owner, verdict, description: describe(verdict, this.#endOf(entry)) };
  }

  /** Takes note of the renewals of an entry's lease, which a later {@link isProven} needs. */
  async look({ lease }: Entry): Promise<void> {
    if (lease !== null) await this.#lookAt(lease);
  }

  /**
   * Whether an entry whose owner {@link judge} found dead may be removed.
   * @param owner the record in it, which may want to be kept for longer than this process keeps others.
   * @returns milliseconds to wait before: 0 none. Infinity: it must not be removed, because its lease is renewed elsewhere.
   */
  async pauseBeforeRemoval({ key, token, lease }: Entry, owner: OwnerRecord | null): Promise<number> {
    const renewals = lease === null ? null : await this.#lookAt(lease);
    if (renewals?.areOfTwo) return Number.POSITIVE_INFINITY;
    const death = `${token} ${key}`;
    const diedAt = this.#deaths.get(death) ?? monotonicMs();
    this.#deaths.set(death, diedAt);
    // The dead renew nothing. So whoever waits for somewhat more than a third of the lease sees every copy.
    if (renewals?.isLaterThan(diedAt)) return Number.POSITIVE_INFINITY;
    const settle = Math.max(this.settle, owner?.lease?.settleMs ?? 0);
    return Math.max(0, diedAt + settle - monotonicMs());
  }

  /** What removes an entry, in words. */
  #endOf({ key, lease }: Entry): string {
    return lease === null
      ? `and it has no lease, so it stays until somebody deletes it: ${this.#engine.deletingCommand(key)}`
      : 'so it falls by itself when its lease has not been renewed for the time to live';
  }

  async #lookAt(lease: string): Promise<Renewals> {
    const renewals = this.#renewals.get(lease) ?? new Renewals();
    this.#renewals.set(lease, renewals);
    const state = await this.#engine.stateOf(lease);
    if (state !== null) renewals.see(state, monotonicMs());
    return renewals;
  }
}

/**
 * The record in an entry. null for one that did not write this package for an engine: a record of a file, or of another
 * program, must not be judged by its process, which may have run on any machine.
 */
function recordIn({ text }: Entry): OwnerRecord | null {
  const parsed = parseOwnerFile(text, null);
  if (parsed.kind !== 'record') return null;
  const { nonce, identity, filesystem } = parsed.record;
  return nonce !== null && identity !== null && filesystem === PLACE ? parsed.record : null;
}

function describe({ state, reason }: Verdict, end: string): string {
  if (state === 'alive') return `its owner is alive (${reason})`;
  if (state === 'dead') return `its owner is dead (${reason})`;
  return `nothing here shows whether its owner lives (${reason}), ${end}`;
}
