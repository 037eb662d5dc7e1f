/** A lock whose owner is `unknown` is never treated as if its owner were dead. */
export type VerdictState = 'alive' | 'dead' | 'unknown';

/**
 * `assumed`: the record holds no identity, so its pid is taken to be of this PID namespace. Or the end of a
 * process, or a free lifeline, was taken for the owner's death although copies of one machine, which share
 * their boot id, may meet where the record stands.
 */
export type Certainty = 'proven' | 'assumed';

/** Why the verdict is what it is. docs/reason-codes.md says what each one means and what to do. */
export type Reason =
  // no judgement possible
  | 'malformed-record'
  | 'other-platform'
  | 'newer-version'
  // the table
  | 'held-by-this-process'
  | 'given-up-by-this-process'
  | 'pidfd-running'
  | 'pidfd-exited'
  | 'namespace-gone'
  | 'no-such-process'
  | 'pid-is-thread'
  | 'pid-reused'
  | 'process-exited'
  | 'process-running'
  | 'witness-held'
  | 'witness-free'
  | 'copied'
  | 'lifeline-held'
  | 'lifeline-free'
  | 'not-in-any-namespace'
  | 'rebooted'
  // unknown, and what stood in the way
  | 'other-boot'
  | 'other-namespace'
  | 'handed-over'
  | 'own-process'
  | 'place-unknown'
  | 'shared-place'
  | 'process-hidden'
  | 'not-enough-recorded'
  // records without an identity
  | 'legacy-no-such-process'
  | 'legacy-pid-is-thread'
  | 'legacy-process-exited'
  | 'legacy-start-differs'
  | 'legacy-start-matches'
  | 'legacy-own-pid-reused'
  | 'legacy-born-after-record'
  | 'legacy-born-before-record'
  | 'legacy-namesake-in-descendant'
  | 'legacy-time-unclear'
  | 'legacy-process-hidden'
  | 'legacy-not-assumed'
  | 'legacy-rebooted'
  | 'legacy-other-boot'
  | 'legacy-other-host'
  | 'legacy-file-locked'
  | 'legacy-memory-in-use';

/** One thing that was compared. */
export interface Evidence {
  /** What was compared, such as `boot-id`, `pid-namespace`, `process`, `witness`. */
  readonly check: string;
  /** What the record says. null when it says nothing. */
  readonly recorded: string | null;
  /** What this process sees. null when it sees nothing. */
  readonly observed: string | null;
  /** What follows from this alone. `none`: nothing follows. */
  readonly finding: 'alive' | 'dead' | 'none';
}

/** Whether the process that wrote a record is alive, and how that is known. */
export interface Verdict {
  readonly state: VerdictState;
  readonly certainty: Certainty;
  readonly reason: Reason;
  /** The pieces stand in the order in which they were compared. */
  readonly evidence: readonly Evidence[];
}
