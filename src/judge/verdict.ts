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
  // records without an identity: alive, and the grounds for a death
  | 'legacy-start-matches'
  | 'legacy-born-before-record'
  | 'legacy-rebooted'
  | 'legacy-before-boot'
  | 'legacy-no-such-process'
  | 'legacy-process-exited'
  | 'legacy-pid-is-thread'
  | 'legacy-kernel-thread'
  | 'legacy-own-pid-reused'
  | 'legacy-born-after-record'
  // no ground
  | 'legacy-not-assumed'
  | 'legacy-process-hidden'
  | 'legacy-thread-may-be-owner'
  | 'legacy-start-differs'
  | 'legacy-time-unclear'
  // objections
  | 'legacy-file-locked'
  | 'legacy-sibling-locked'
  | 'legacy-sibling-hidden'
  | 'legacy-memory-in-use'
  | 'legacy-other-platform'
  | 'legacy-other-boot'
  | 'legacy-other-namespace'
  | 'legacy-other-container'
  | 'legacy-other-host'
  | 'legacy-shared-place'
  | 'legacy-sign-of-life'
  | 'legacy-touched'
  | 'legacy-server-clock'
  | 'legacy-clock-stepped'
  | 'legacy-other-process'
  | 'legacy-group-lives'
  | 'legacy-namesake-in-descendant';

/** The option by which a person who knows better lifts what keeps a verdict unknown. */
export type Lift = 'sameHost' | 'clockSlack' | 'legacy';

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
  /**
   * Milliseconds after which time alone may have ended what keeps the verdict unknown. Absent where it does not.
   */
  readonly lookAgainIn?: number;
  /** The option that lifts what keeps the verdict unknown. Absent where none does. */
  readonly liftedBy?: Lift;
}
