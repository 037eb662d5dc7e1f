/** The option by which a person who knows better lifts what keeps the state of a lock unknown. */
export type LockLift = 'ownerlessGrace' | 'emptyFile';

interface Lifting {
  /** The option of the program, with a value that lifts it. */
  readonly flag: string;
  /** What that person knows, in words that follow "if". */
  readonly knowing: string;
}

const LIFTINGS: Readonly<Record<LockLift, Lifting>> = {
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
