import { LIFELINE_INODES } from '../backend/initial-namespaces.js';
import { heldBytes } from '../backend/procfs/lifeline.js';
import { invalidType, invalidValue, LifelineUnavailableError } from '../errors.js';
import { type OptionNames, requireOptions } from '../known-options.js';
import { describeProcess, type ProcessDescription } from './describe-process.js';
import { type Pid, searchDescriptors } from './lock-descriptors.js';
import { currentObserver, type Observer } from './observer.js';

export interface ListOptions {
  /**
   * Most lifelines to be listed in each space: 1 to 100 000, by default 5 000. The search takes time with the square
   * of their number: 20 ms for 1 000 and 0.4 s for 5 000 of them.
   */
  readonly limit?: number | undefined;
}

const LIST_OPTIONS = { limit: true } satisfies OptionNames<ListOptions>;

export interface ListedLifeline {
  /** As in `ProcessIdentity.lifeline`. */
  readonly lifeline: string;
  /** The processes in this /proc that hold it. Empty: it is held by a process not visible from here. */
  readonly holders: readonly ProcessDescription[];
}

/** The lifelines of this kernel, and what is missing among them. */
export interface LifelineListing {
  /** Those whose holders are visible come first, by pid. */
  readonly lifelines: readonly ListedLifeline[];
  /**
   * The spaces that were searched, of `time` and `user`. A process cannot search that of an initial namespace which it
   * is not in.
   */
  readonly spaces: readonly string[];
  /** True: the search ended at its limit, so there may be more. */
  readonly truncated: boolean;
  /** True: a lock of another program covers some bytes, so that lifelines may be missing. */
  readonly obscured: boolean;
}

export const DEFAULT_LIMIT = 5_000;
export const MAX_LIMIT = 100_000;

/**
 * Lists the lifelines of this kernel, in whatever container their holders are. It takes none itself, and tests them
 * without taking any.
 * @example
 * for (const { lifeline, holders } of listLifelines().lifelines) console.log(lifeline, holders[0]?.pid);
 * @throws LifelineUnavailableError (ERR_LIFELINE_UNAVAILABLE) where lifelines cannot be seen; TypeError
 * (ERR_INVALID_ARG_TYPE) and RangeError (ERR_OUT_OF_RANGE) for wrong options; BackendUnavailableError
 * (ERR_BACKEND_UNAVAILABLE) where no backend works.
 */
export function listLifelines(options: ListOptions = {}): LifelineListing {
  const limit = limitOf(options);
  const observer = currentObserver();
  const { lifeline: lifelines, capabilities } = observer.backend;
  const { available, reason } = capabilities().lifeline;
  if (!available) throw new LifelineUnavailableError(reason);
  // One more is asked for, so that a list of exactly `limit` lifelines is known to be whole.
  const list = lifelines.list(limit + 1);
  if (list === null) throw new LifelineUnavailableError("the namespace's file cannot be opened now");
  const holders = holdersOfAll(observer);
  return {
    lifelines: list.found
      .slice(0, limit)
      .map((lifeline) => ({ lifeline, holders: holders.get(lifeline) ?? [] }))
      // A holder that ended during the search is not one that cannot be seen.
      .filter((listed) => listed.holders.length > 0 || lifelines.test(listed.lifeline) !== 'free')
      .sort(byHolder),
    spaces: list.spaces,
    truncated: list.truncated || list.found.length > limit,
    obscured: list.obscured,
  };
}

/** What readlink(2) gives for a descriptor of a namespace file (nsfs), and the space that the file carries. */
const SPACES: ReadonlyMap<string, string> = new Map(
  [...LIFELINE_INODES].map(([space, inode]) => [`${space}:[${inode}]`, space]),
);

/** Recognises the descriptors through which lifelines are held. */
export const LIFELINES = {
  mayBe: (link: string) => SPACES.has(link),
  namesIn: (fdinfo: string, link: string) =>
    heldBytes(fdinfo).map((offset) => `${SPACES.get(link)}:${offset}`),
};

function holdersOfAll(observer: Observer): ReadonlyMap<string, readonly ProcessDescription[]> {
  const pids = new Map<string, Set<Pid>>();
  searchDescriptors(observer, {
    mayBe: LIFELINES.mayBe,
    take(fdinfo, link, pid) {
      for (const lifeline of LIFELINES.namesIn(fdinfo, link)) {
        pids.set(lifeline, (pids.get(lifeline) ?? new Set()).add(pid));
      }
    },
  });
  return new Map(
    [...pids].map(([lifeline, holders]) => [
      lifeline,
      [...holders].map((pid) => describeProcess(observer, pid)),
    ]),
  );
}

function limitOf(options: ListOptions): number {
  requireOptions(options, LIST_OPTIONS);
  const { limit = DEFAULT_LIMIT } = options;
  if (typeof limit !== 'number') throw invalidType('limit', 'a number', limit);
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT)) {
    throw invalidValue('limit', `an integer from 1 to ${MAX_LIMIT}`, limit);
  }
  return limit;
}

function byHolder(a: ListedLifeline, b: ListedLifeline): number {
  const [pidOfA = Number.POSITIVE_INFINITY, pidOfB = Number.POSITIVE_INFINITY] = [
    a.holders[0]?.pid,
    b.holders[0]?.pid,
  ];
  if (pidOfA !== pidOfB) return pidOfA < pidOfB ? -1 : 1;
  return a.lifeline < b.lifeline ? -1 : 1;
}
