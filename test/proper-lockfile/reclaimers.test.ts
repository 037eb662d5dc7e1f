// Several processes find a lock abandoned (proper-lockfile issue 121). Each schedule below lets them go on in another
// order, one call of the file system at a time.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FsPlace } from '../../src/proper-lockfile/fs-place.js';
import type { Made } from '../../src/proper-lockfile/place.js';
import type { FileSystem, FsCall, Steps } from '../../src/proper-lockfile/steps.js';
import { take } from '../../src/proper-lockfile/take.js';

const STALE = 60_000;
const LOCK = '/lock';
/** Changes from one process to another that is not at its end. */
const MAX_SWITCHES = 3;

function failed(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** A file system of nothing but directories. */
class Directories {
  readonly #made = new Map<string, { mtime: Date; ino: number; birthtimeMs: number }>();
  #lastInode = 0;

  mkdirOld(path: string): void {
    this.#made.set(path, { mtime: new Date(0), ino: ++this.#lastInode, birthtimeMs: this.#lastInode });
  }

  call({ method, args: [path] }: FsCall): unknown {
    const found = this.#made.get(path as string);
    if (method === 'mkdir') {
      if (found !== undefined) throw failed('EEXIST');
      this.mkdirOld(path as string);
      Object.assign(this.#made.get(path as string) as object, { mtime: new Date() });
      return undefined;
    }
    if (found === undefined) throw failed('ENOENT');
    if (method === 'stat') return { ...found, isDirectory: () => true };
    this.#made.delete(path as string);
    return undefined;
  }

  get names(): string[] {
    return [...this.#made.keys()];
  }
}

/** Tries once, and holds the lock for two steps. */
class Process {
  readonly #steps: Steps<void>;
  #pending: IteratorResult<FsCall, void> | null = null;
  isHolding = false;
  hasHeld = false;

  constructor() {
    this.#steps = this.#work();
  }

  *#work(): Steps<void> {
    const place = new FsPlace(
      LOCK,
      {} as FileSystem,
      (steps) => steps as never,
      () => false,
    );
    const taken = yield* take(place, STALE);
    if (!('made' in taken)) return;
    this.isHolding = true;
    this.hasHeld = true;
    const made: Made = taken.made;
    if ((yield* made.check()) !== 'own') throw new Error('it was robbed');
    this.isHolding = false;
    yield* made.remove();
  }

  /** Makes one call. @returns false when there was none left. */
  step(directories: Directories): boolean {
    this.#pending ??= this.#steps.next();
    if (this.#pending.done) return false;
    let value: unknown;
    try {
      value = directories.call(this.#pending.value);
    } catch (error) {
      this.#pending = this.#steps.throw(error);
      return this.#pending.done !== true;
    }
    this.#pending = this.#steps.next(value);
    return this.#pending.done !== true;
  }
}

/** Lets the processes go on in the order of the schedule, which names who goes on after so many calls. */
function play(schedule: readonly number[], directories: Directories, processes: Process[]): void {
  const isOver = processes.map(() => false);
  let calls = 0;
  const end = (): number => processes.findIndex((_, index) => !isOver[index]);
  for (let running = end(); running !== -1; ) {
    const wanted = schedule[calls];
    if (wanted !== undefined && !isOver[wanted]) running = wanted;
    if (isOver[running]) running = end();
    if (running === -1) break;
    isOver[running] = !(processes[running] as Process).step(directories);
    calls += 1;
    if (processes.every(({ isHolding }) => isHolding)) throw new Error(`two hold it: schedule ${schedule}`);
  }
}

/** All schedules with few switches between so many processes, of which none makes more than `longest` calls. */
function* schedules(
  processes: number,
  longest: number,
  switches = MAX_SWITCHES,
  from = 0,
  before: number[] = [],
): Generator<number[]> {
  yield before;
  if (switches === 0) return;
  for (let at = from; at < longest * 2; at += 1) {
    for (let next = 0; next < processes; next += 1) {
      const schedule = [...before];
      schedule[at] = next;
      yield* schedules(processes, longest, switches - 1, at + 1, schedule);
    }
  }
}

// The stack traces of all the errors that are expected would take most of the time.
const { stackTraceLimit } = Error;
beforeAll(() => {
  Error.stackTraceLimit = 0;
});
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

test.each([
  { what: 'a lock', old: [LOCK] },
  { what: 'a lock, and the lock of one who was killed while it removed it', old: [LOCK, `${LOCK}.reclaim`] },
])('whoever finds $what abandoned: one at a time gets it', ({ old }) => {
  let played = 0;
  let gotIt = 0;
  for (const schedule of schedules(2, 12)) {
    const directories = new Directories();
    for (const path of old) directories.mkdirOld(path);
    const processes = [new Process(), new Process()];
    play(schedule, directories, processes);
    if (directories.names.length > 0) throw new Error(`${directories.names} is left behind: ${schedule}`);
    if (!processes.some(({ hasHeld }) => hasHeld)) throw new Error(`nobody gets it: ${schedule}`);
    played += 1;
    gotIt += processes.filter(({ hasHeld }) => hasHeld).length;
  }
  expect(played).toBeGreaterThan(10_000);
  expect(gotIt).toBeGreaterThan(played);
});
