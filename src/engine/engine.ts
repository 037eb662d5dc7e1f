/**
 * The interface between the lock and a server that keeps it: an engine. It knows leases and the lines of those who
 * want a lock, and nothing of processes: src/engine/queue.ts decides who holds a lock, and proof-of-death.ts who is dead.
 *
 * Every call may be made twice with the effect of one, because an answer can be lost after the server has done its
 * work. So an engine repeats a call whose answer did not come, at whatever server of its cluster.
 */

/** One who wants a lock or has it: a record that the server keeps for as long as its lease is renewed. */
export interface Entry {
  /** The name under which the server keeps it. */
  readonly key: string;
  /** What the one who wants the lock wrote: the text of an owner.json, or whatever another program writes. */
  readonly text: string;
  /**
   * A decimal number that the server gave out when the entry was made. It is larger than that of every entry made
   * before, under whatever name: the fencing token.
   */
  readonly token: string;
  /** A text that changes whenever anybody writes the entry. This package never does so after it was made. */
  readonly version: string;
  /** The lease that keeps it. null: it has none, and nothing removes it by itself. */
  readonly lease: string | null;
}

/** The entries of one lock, the one that has waited longest first. */
export interface Line {
  readonly entries: readonly Entry[];
  /** The state of the server that was seen, for {@link Engine.watch}. */
  readonly position: string;
}

/** The server keeps this process's entries for as long as the lease is renewed, which a thread of its own does. */
export interface Lease {
  readonly id: string;
  /** Milliseconds that the server granted, which may be more than asked for. */
  readonly ttlMs: number;
  /**
   * Milliseconds for which this process may still count on the lease: from the moment when the last renewal that
   * succeeded was sent, on the clock that runs on in suspend. Zero or less: others may hold its locks.
   */
  left(): number;
  /** Calls `lost` once, in this thread's event loop, when nothing is left or the server has ended the lease. */
  onLost(lost: (how: string) => void): void;
  /** Ends the renewals. */
  stop(): void;
  /**
   * Removes entries, as {@link Engine.removeIf} does, from the thread that renews the lease, and blocks this one until that
   * is done, for a short time at most: for a process that exits.
   */
  removeBlocking(entries: readonly Pick<Entry, 'key' | 'version'>[]): void;
}

/** Ends with {@link close}, which may be called again. */
export interface EngineWatch {
  close(): void;
}

/** What the server knows of the lease of another process. */
export interface LeaseState {
  /** Milliseconds until it ends unless it is renewed, rounded down by the server. */
  readonly leftMs: number;
  readonly ttlMs: number;
}

/**
 * The five verbs: grant (with the renewals and what can be asked of a lease), publish, list, removeIf, watch.
 * @throws each of them EngineUnavailableError, EngineDeniedError and EngineRestoredError.
 */
export interface Engine {
  /** Where the locks are, without a secret: `etcd://host:2379/locks/`. A name after it is a lock's address. */
  readonly address: string;

  /** The key of a lease's entry in the line of `name`. */
  keyOf(name: string, lease: Lease): string;
  /** The name of the lock in whose line the entry with this key is. */
  nameOf(key: string): string;
  /** A shell command by which a person deletes an entry that nothing removes by itself. */
  deletingCommand(key: string): string;
  /** Calls `ended` once, when the server turns out to be another one than before. */
  onEnd(ended: (how: string) => void): void;

  /** Opens a lease, and renews it from a thread that a blocked event loop does not stop. */
  grant(ttlMs: number): Promise<Lease>;
  /** Ends a lease, which removes all its entries. */
  revoke(lease: Lease): Promise<void>;
  /** null: there is no such lease any more. */
  stateOf(lease: string): Promise<LeaseState | null>;
  /** All entries of a lease. null: there is no such lease any more. */
  entriesOf(lease: string): Promise<readonly Entry[] | null>;

  /**
   * Makes an entry with this text in the line of `name`, unless the lease has one there. Returns the entry that there is
   * now, and the token of the first of the line. null: there is no such lease any more.
   */
  publish(
    name: string,
    lease: Lease,
    text: string,
  ): Promise<{ readonly mine: Entry; readonly first: Pick<Entry, 'token'> } | null>;

  /**
   * The first entries of the line of `name`. With `upTo` also the entry with that token and the one before it, and none
   * after it.
   */
  list(name: string, upTo?: string): Promise<Line>;
  /** All entries of all locks. */
  listAll(): Promise<Line>;
  /** The entry with this key; null: there is none. */
  read(key: string): Promise<Entry | null>;

  /**
   * Removes this very entry as it was read, and none that was made or written over later. False: it was not there any
   * more. null: it is not there, and an answer was lost, so that nobody knows whether an earlier request of this very
   * call removed it.
   */
  removeIf(entry: Pick<Entry, 'key' | 'version'>): Promise<boolean | null>;

  /**
   * Calls `changed` when what is meant has changed after the state `from`: an entry was removed or written over; or one
   * was removed or made in a line, or in any line. It calls `changed` with null when it can watch no longer, and is then over. A silent watch proves
   * nothing, so the caller also looks from time to time.
   */
  watch(what: Watched, from: string, changed: (change: Change | null) => void): EngineWatch;

  /** What a call throws that is given up after so many milliseconds: with what stands in its way, as far as that is known. */
  unavailable(waitedMs: number): Error;

  /** Closes all connections. A call that is under way, or is repeated, ends at once. */
  close(): void;
}

/** Entries that were made or written over, and the keys of those that were removed, in the order of the server. */
export type Change = readonly ({ readonly made: Entry } | { readonly removed: string })[];

/** An entry, the line of a lock, or all lines. */
export type Watched = { readonly key: string } | { readonly name: string } | 'all';
