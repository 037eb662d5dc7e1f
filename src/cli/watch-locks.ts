import { resolve } from 'node:path';
import { isatty } from 'node:tty';
import { monotonicMs } from '../backend/monotonic-clock.js';
import { toFailure } from '../dump/failure.js';
import { holderText, processText } from '../lock/holder-text.js';
import { findUsers, type LockUsers } from '../lock/holders.js';
import { type InspectedLock, inspectLockSync } from '../lock/inspect.js';
import type { InspectOptions } from '../lock/protocol/assess.js';
import { printable } from '../text/printable.js';
import { stdoutPaint } from './colour.js';
import { type FailedPath, isFailed } from './each-path.js';
import { EXIT, exitCodeOfSignal } from './exit-codes.js';
import { formatTable, INDENT, summarise, type TableRow } from './format/format-table.js';
import { wrap } from './format/layout.js';
import { terminalSize } from './format/terminal.js';
import { type InspectedPath, rowJson } from './inspected-paths.js';
import { LiveScreen } from './live-screen.js';
import { printJsonLine } from './output.js';
import { PathsWatch } from './paths-watch.js';

/** Milliseconds between two searches for holders and waiters, because nothing reports that one came or went. */
const SEARCH_INTERVAL = 2_000;
/** A look takes at most one part in so many of the time, however often a lock changes hands. */
const PARTS_OF_CHANGE = 5;
/** The same for the searches of a lock that does not change. */
const PARTS_AT_REST = 10;
/** Milliseconds. */
const MIN_PAUSE = 30;

type Shown = TableRow | FailedPath;

/** Shows locks until the user ends it or the reader of the pipe went away. @returns the exit code. */
export async function watchLocks(paths: readonly string[], options: InspectOptions): Promise<number> {
  const ended = new AbortController();
  let code: number = EXIT.success;
  const stops = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal) => {
    const stop = () => {
      // Ctrl-C is the usual way to end it.
      if (signal !== 'SIGINT') code = exitCodeOfSignal(signal);
      ended.abort();
    };
    process.once(signal, stop);
    return () => process.off(signal, stop);
  });
  const looker = new Looker(paths, options);
  const watch = new PathsWatch(paths.map((path) => resolve(path)));
  const view = isatty(1) ? new TableView(() => ended.abort()) : new ChangeLines();
  try {
    let isReported = false;
    while (!ended.signal.aborted) {
      const startedAt = monotonicMs();
      watch.begin();
      if (!view.show(looker.look(isReported))) break;
      const dueAt = startedAt + Math.max(MIN_PAUSE, (monotonicMs() - startedAt) * PARTS_OF_CHANGE);
      isReported = await watch.wait(ended.signal);
      await pause(dueAt - monotonicMs(), ended.signal);
    }
  } finally {
    watch.close();
    for (const stop of stops) stop();
    view.close();
  }
  return code;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted || ms <= 0) return done();
    const timer = setTimeout(finish, ms);
    signal.addEventListener('abort', finish, { once: true });
    function finish(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      done();
    }
  });
}

/** Inspects the locks, and searches their holders when one has changed or the last search is old. */
class Looker {
  readonly #paths: readonly string[];
  readonly #options: InspectOptions;
  #users: readonly LockUsers[] = [];
  #searchedFor = '';
  #searchDueAt = 0;

  constructor(paths: readonly string[], options: InspectOptions) {
    this.#paths = paths;
    this.#options = options;
  }

  /** @param isReported a change was reported, so that a search is due in any case. */
  look(isReported: boolean): Shown[] {
    if (isReported) this.#searchDueAt = 0;
    const found = this.#paths.map((path) => this.#inspect(path));
    const inspected = found.filter((one): one is InspectedPath => !isFailed(one));
    this.#search(inspected.map(({ inspection }) => inspection));
    const users = new Map(inspected.map((one, index) => [one, this.#users[index] as LockUsers]));
    return found.map((one) => (isFailed(one) ? one : { ...one, users: users.get(one) as LockUsers }));
  }

  #inspect(path: string): InspectedPath | FailedPath {
    try {
      return { path, inspection: inspectLockSync(path, this.#options) };
    } catch (error) {
      return { path, error: toFailure(error) };
    }
  }

  #search(locks: readonly InspectedLock[]): void {
    const searchedFor = JSON.stringify(locks.map(stateOf));
    const startedAt = monotonicMs();
    if (searchedFor === this.#searchedFor && startedAt < this.#searchDueAt) return;
    this.#users = findUsers(locks);
    this.#searchedFor = searchedFor;
    const took = monotonicMs() - startedAt;
    this.#searchDueAt = monotonicMs() + Math.max(SEARCH_INTERVAL, took * PARTS_AT_REST);
  }
}

/** What makes a lock another one for the eye: not its age. */
function stateOf({ path, state, verdict, owner, foreignFiles }: InspectedLock): unknown[] {
  return [path, state, verdict?.reason, owner?.nonce ?? owner?.pid, foreignFiles];
}

interface View {
  /** @returns false when nobody sees it any more. */
  show(locks: readonly Shown[]): boolean;
  close(): void;
}

/** One JSON object in each line: for every lock at first, then for each that has changed. */
class ChangeLines implements View {
  readonly #shown = new Map<number, string>();

  show(locks: readonly Shown[]): boolean {
    const time = new Date().toISOString();
    return locks.every((lock, index) => {
      const state = JSON.stringify(isFailed(lock) ? lock.error : changeable(lock));
      if (this.#shown.get(index) === state) return true;
      this.#shown.set(index, state);
      const object = isFailed(lock) ? lock : { ...rowJson(lock), waiters: lock.users.waiters };
      return printJsonLine({ time, ...object });
    });
  }

  close(): void {}
}

function changeable({ inspection, users }: TableRow): unknown[] {
  const pids = [users.holders, users.waiters].map((processes) => processes.map(({ pid }) => pid));
  return [...stateOf(inspection), ...pids];
}

/** A table that fills the terminal. */
class TableView implements View {
  readonly #screen: LiveScreen;
  #locks: readonly Shown[] = [];

  constructor(onQuit: () => void) {
    this.#screen = new LiveScreen(onQuit, () => this.#draw());
  }

  show(locks: readonly Shown[]): boolean {
    this.#locks = locks;
    return this.#draw();
  }

  close(): void {
    this.#screen.close();
  }

  #draw(): boolean {
    const rows = this.#locks.filter((lock): lock is TableRow => !isFailed(lock));
    const failed = this.#locks.filter(isFailed);
    const { columns } = terminalSize();
    const time = new Date().toISOString().slice(11, 19);
    const table = formatTable(rows, stdoutPaint(), (row) => usersLines(row, columns));
    return this.#screen.draw([
      ...wrap(`${summarise(rows, failed.length)}; ${time} UTC; q ends`, columns),
      '',
      ...(rows.length === 0 ? [] : table.split('\n')),
      ...failed.flatMap(({ path, error }) => wrap(printable(`${path}: ${error.message}`), columns)),
    ]);
  }
}

/** Who holds the lock and who waits for it, under its line. */
function usersLines({ users: { holders, waiters } }: TableRow, columns: number): string[] {
  const texts = [
    ...holders.map((holder) => `held by ${holderText(holder)}`),
    ...waiters.map((waiter) => `waiting: ${processText(waiter)}`),
  ];
  return texts.flatMap((text) =>
    wrap(text, Math.max(1, columns - 2 * INDENT.length)).map((line) => INDENT + INDENT + line),
  );
}
