/** The result of reading the journal of the critical section (section.mjs). */
export interface Account {
  /** The number of sections entered. */
  readonly acquisitions: number;
  /** The same number for each kind of worker and its backend, such as `ours/native`. */
  readonly acquisitionsBy: Readonly<Record<string, number>>;
  /**
   * Sections whose owner was killed before its release was complete. Each of them was reclaimed, except
   * perhaps the last.
   */
  readonly reclaims: number;
  /** The longest time between two entries, ms. */
  readonly longestGap: number;
  /** Proven violations: a process went on in a section after another one had entered. */
  readonly overlaps: readonly string[];
  /**
   * Sections entered while another process still held the kernel lock, and updates of the counter that were
   * lost.
   */
  readonly suspicions: readonly string[];
  /** The faults that workers reported. */
  readonly faults: readonly string[];
}

interface Visit {
  readonly who: string;
  /** The value that it gave to the counter, or was about to; null when it did not come that far. */
  value: number | null;
  isDone: boolean;
  /** The process that entered while this one was inside. */
  successor: string | null;
}

/**
 * Reads the journal. The kernel has put all lines into one order, and a process that was killed inside writes
 * no more. So two were inside at once if one writes anything after another has entered. `counter` is the
 * final value of the counter file.
 */
export function account(journal: string, counter: number): Account {
  const overlaps: string[] = [];
  const suspicions: string[] = [];
  const faults: string[] = [];
  const visits: Visit[] = [];
  /** The visits of processes that are inside, or were killed there. */
  const inside = new Map<string, Visit>();
  /** The processes that have not released the lock, or were killed before they could say so. */
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

/** Counts visits by the end of the visitor's name, which is /kind/backend: see worker.mjs. */
function countByWorker(visits: readonly Visit[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { who } of visits) {
    const worker = who.split('/').slice(-2).join('/');
    counts[worker] = (counts[worker] ?? 0) + 1;
  }
  return counts;
}

/**
 * Each value was written by the one visit that reports it, or by one that was killed before it could report.
 */
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
