/** What the journal of the critical section (section.mjs) tells. */
export interface Account {
  /** Sections entered. */
  readonly acquisitions: number;
  /** The same by what entered: kind and backend, as `ours/native`. */
  readonly acquisitionsBy: Readonly<Record<string, number>>;
  /** Sections whose owner was killed before its release was through: each was reclaimed, but for the last perhaps. */
  readonly reclaims: number;
  /** Longest time between two entries, ms. */
  readonly longestGap: number;
  /** Proven: somebody went on in a section after somebody else had entered. */
  readonly overlaps: readonly string[];
  /** Sections entered while the kernel lock of another was still held, and updates of the counter that were lost. */
  readonly suspicions: readonly string[];
  /** What workers reported. */
  readonly faults: readonly string[];
}

interface Visit {
  readonly who: string;
  /** What it made, or was about to make, of the counter; null: it did not come that far. */
  value: number | null;
  isDone: boolean;
  /** Who entered while this one was inside. */
  successor: string | null;
}

/**
 * Every line has a place in one order that the kernel gave. Whoever was killed inside writes no more; so two were inside
 * at once if one writes anything after another has entered. `counter`: what the counter file says in the end.
 */
export function account(journal: string, counter: number): Account {
  const overlaps: string[] = [];
  const suspicions: string[] = [];
  const faults: string[] = [];
  const visits: Visit[] = [];
  /** Of those who are inside, or were killed there. */
  const inside = new Map<string, Visit>();
  /** Have not released it, or were killed before they could say so. */
  const unreleased = new Set<string>();
  let longestGap = 0;
  let enteredAt = Number.POSITIVE_INFINITY;

  for (const line of journal.split('\n')) {
    const [kind, who = '', ...rest] = line.split(' ');
    if (kind === 'f') faults.push(`${who} ${rest.join(' ')}`);
    const visit = inside.get(who);
    if (visit?.successor) {
      overlaps.push(`${who} was still inside when ${visit.successor} had entered`);
      visit.successor = null;
    }
    if (kind === 'e') {
      for (const other of inside.values()) other.successor ??= who;
      const entered = { who, value: null, isDone: false, successor: null };
      visits.push(entered);
      inside.set(who, entered);
      unreleased.add(who);
      longestGap = Math.max(longestGap, Number(rest[0]) - enteredAt);
      enteredAt = Number(rest[0]);
    } else if (kind === 'w' && visit !== undefined) {
      visit.value = Number(rest[0]);
      if (rest[1] === 'busy') suspicions.push(`${who} found the kernel lock taken`);
    } else if (kind === 'd' && visit !== undefined) {
      visit.isDone = true;
      inside.delete(who);
    } else if (kind === 'r') {
      unreleased.delete(who);
    }
  }
  suspicions.push(...checkCounter(visits, counter));
  return {
    acquisitions: visits.length,
    acquisitionsBy: countByWorker(visits),
    reclaims: unreleased.size,
    longestGap,
    overlaps,
    suspicions,
    faults,
  };
}

/** The name of a visitor ends in /kind/backend: see worker.mjs. */
function countByWorker(visits: readonly Visit[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { who } of visits) {
    const worker = who.split('/').slice(-2).join('/');
    counts[worker] = (counts[worker] ?? 0) + 1;
  }
  return counts;
}

/** Each value was written by one visit, the one that says so; or by one that was killed before it could say so. */
function checkCounter(visits: readonly Visit[], counter: number): string[] {
  const wrong: string[] = [];
  const done = new Set<number>();
  const tried = new Set<number>();
  for (const { value, who, isDone } of visits) {
    if (value === null) continue;
    tried.add(value);
    if (!isDone) continue;
    if (done.has(value)) wrong.push(`update ${value} was lost: ${who} wrote it a second time`);
    done.add(value);
  }
  for (let value = 1; value <= counter; value += 1) {
    if (!tried.has(value)) wrong.push(`the counter passed ${value}, which nobody wrote`);
  }
  for (const value of done)
    if (value > counter) wrong.push(`update ${value} was lost: the counter ends at ${counter}`);
  return wrong;
}
