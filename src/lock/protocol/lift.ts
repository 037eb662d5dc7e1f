import type { Lift } from '../../judge/verdict.js';

/** The option by which a person who knows better lifts what keeps the state of a lock unknown. */
export type LockLift = Lift | 'ownerlessGrace' | 'emptyFile';

interface Lifting {
  /** The option of the program, with a value that lifts it. */
  readonly flag: string;
  /** What that person knows, in words that follow "if". */
  readonly knowing: string;
}

const LIFTINGS: Readonly<Record<LockLift, Lifting>> = {
  sameHost: { flag: '--same-host', knowing: 'its owner ran on this very host' },
  clockSlack: { flag: '--clock-slack 1s', knowing: 'the clock was never set since it was written' },
  legacy: { flag: '--legacy assume', knowing: 'its pid is one of this PID namespace' },
  ownerlessGrace: { flag: '--ownerless 0s', knowing: 'no program works under it' },
  emptyFile: { flag: '--empty-file take', knowing: 'no program works under it' },
};

/** The option of `reclaim`, `run` and `inspect`, such as `--ownerless 0s`. */
export function flagOf(option: LockLift): string {
  return LIFTINGS[option].flag;
}

/** What that person knows, in words that follow "if". */
export function knowledgeFor(option: LockLift): string {
  return LIFTINGS[option].knowing;
}

/** Adds to the description of a state what lifts it. */
export function withLift(description: string, option: LockLift | undefined): string {
  if (option === undefined) return description;
  const { flag, knowing } = LIFTINGS[option];
  return `${description}; if ${knowing}, ${flag} (${option}) lifts that`;
}
