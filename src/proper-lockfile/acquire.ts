import { monotonicMs } from '../backend/monotonic-clock.js';
import { Pace } from '../lock/waiting/pace.js';
import { placeOf } from './engine.js';
import { locked } from './errors.js';
import { Held } from './held.js';
import { lockPathOf, type Settings } from './options.js';
import type { Place, PlaceWatch, Seen } from './place.js';
import { patienceOf, pausesOf } from './retries.js';
import { driveAsync, driveSync } from './steps.js';
import { type Reclaimed, type Refused, type Taken, take } from './take.js';

/** @throws Error (ELOCKED); system errors. */
export function acquireSync(target: string, settings: Settings): Held {
  const path = lockPathOf(target, settings);
  const place = placeOf(path, settings.fs, driveSync);
  let taken: Taken | Refused | null = null;
  try {
    taken = driveSync(take(place, settings.staleMs));
    if ('made' in taken) return driveSync(Held.begin(target, path, taken, settings));
    taken.seen?.close();
    throw locked(target);
  } finally {
    if (taken === null || !('made' in taken)) place.close();
  }
}

/** Waits as long as the option `retries` says. @throws Error (ELOCKED); system errors. */
export async function acquireAsync(target: string, settings: Settings): Promise<Held> {
  const path = lockPathOf(target, settings);
  let place = placeOf(path, settings.fs, driveAsync);
  const waiter = new Waiter(settings);
  let taken: Taken | null = null;
  // Another may have got the lock that this one had freed, while nobody else knows that it was taken over.
  let reclaimed: Reclaimed | null = null;
  try {
    for (;;) {
      const result = await driveAsync(take(place, settings.staleMs));
      reclaimed = result.reclaimed ?? reclaimed;
      if ('made' in result) {
        taken = { ...result, reclaimed };
        return await driveAsync(Held.begin(target, path, taken, settings));
      }
      if (!(await waiter.wait(result.seen, place))) throw locked(target);
      // Another directory may stand above the lock by now.
      const next = placeOf(path, settings.fs, driveAsync);
      place.close();
      place = next;
    }
  } finally {
    waiter.close();
    if (taken === null) place.close();
  }
}

/** Waits between two tries of one caller. Call close() when done. */
class Waiter {
  readonly #staleMs: number;
  readonly #deadline: number;
  readonly #pauses: Iterator<number, void>;
  readonly #pace = new Pace();
  #watch: PlaceWatch | null = null;
  /** See {@link Seen.key}. */
  #watched: string | null = null;

  constructor({ staleMs, retries }: Settings) {
    this.#staleMs = staleMs;
    this.#deadline = monotonicMs() + patienceOf(retries);
    this.#pauses = pausesOf(retries);
  }

  /** Closes what was seen. @returns false when the time is over. */
  async wait(seen: Seen | null, place: Place): Promise<boolean> {
    const leftMs = this.#deadline - monotonicMs();
    try {
      if (leftMs <= 0) return false;
      // A change between the look and the start of the watch is not reported, so the waiter looks once more.
      if (this.#watchAnew(seen, place)) return true;
    } finally {
      seen?.close();
    }
    if (seen === null || this.#watch === null) return this.#sleep(leftMs, place);
    const lookAgainIn = seen.state === 'silent' ? Math.max(this.#staleMs - seen.ageMs, 1) + 1 : undefined;
    const look = { moving: false, owner: null, ...(lookAgainIn === undefined ? {} : { lookAgainIn }) };
    const pause = Math.min(this.#pace.afterLook(look, this.#watch.isComplete), leftMs);
    const startedMs = monotonicMs();
    await this.#watch.wait(pause);
    this.#pace.afterPause(monotonicMs() - startedMs, pause);
    return true;
  }

  /** @returns true when there is a new watch. */
  #watchAnew(seen: Seen | null, place: Place): boolean {
    if (seen === null || (this.#watch !== null && this.#watched === seen.key)) return false;
    this.#watch?.close();
    this.#watch = place.watch(seen);
    this.#watched = seen.key;
    return this.#watch !== null;
  }

  /** @returns false when there is no pause left. */
  #sleep(leftMs: number, place: Place): boolean | Promise<boolean> {
    const pause = place.pollMs ?? this.#pauses.next().value;
    if (pause === undefined) return false;
    return new Promise((resolve) => setTimeout(resolve, Math.min(pause, leftMs), true));
  }

  close(): void {
    this.#watch?.close();
    this.#watch = null;
  }
}
