import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startAgent } from '../helpers/agent.js';
import type { AnyName } from '../helpers/backends.js';
import { openBox } from '../helpers/box.js';
import { startProcess, type TestProcess } from '../helpers/processes.js';
import { tempDir } from '../helpers/temp-dir.js';
import { type Account, account } from './account.js';
import { randomFrom } from './random.mjs';

/**
 * The kind of a worker: one of ours, one with a flaw that must be found, or a program that knows only PIDs.
 */
export type WorkerKind =
  | 'ours'
  | 'judge-all-dead'
  | 'delete-by-path'
  | 'rename-aside'
  | 'older'
  | 'older-reclaiming';

interface WorkerOptions {
  readonly kind: WorkerKind;
  readonly backend: AnyName;
  /** The number of worker threads that do the same beside the main one. */
  readonly threads?: number;
  /** The build/modules of another version that it uses. Default: this one. */
  readonly modules?: string | null;
}

/** The workers of one PID namespace. */
export interface Group {
  readonly workers: readonly WorkerOptions[];
  /** The workers have their own namespace, which is killed as a whole now and then. */
  readonly isBox: boolean;
}

interface TortureOptions {
  readonly groups: readonly Group[];
  readonly seconds: number;
  readonly seed: number;
  /** Ends the run as soon as two processes were inside at once. */
  readonly untilOverlap?: boolean;
  /** ms between two kills or stops by the driver, on average. */
  readonly violence?: number;
  /**
   * File operations that a worker survives, on average, before it kills itself at one; null when it does not.
   */
  readonly operations?: number | null;
  /** Share of sections in which the worker kills itself. */
  readonly deaths?: number;
  /** Share of sections that last for longer than a lease. */
  readonly longSections?: number;
  /** ms between two kills of a whole box, on average. */
  readonly boxLife?: number;
  /** Reports every deletion of something that was not judged. */
  readonly watched?: boolean;
  /** ms that a directory without an owner is left alone. */
  readonly ownerlessGrace?: number;
  /** Lets workers have the same numbers as workers in other namespaces, and as workers killed before them. */
  readonly samePids?: boolean;
  /** The longest time for which a worker is stopped, ms; 0 when none is. */
  readonly longestStop?: number;
  /**
   * Only a lease shows that an owner is dead, so a worker waits for longer than one, and a death costs one.
   */
  readonly byLease?: boolean;
  /**
   * Beside the workers, the directory of the locks is renamed and renamed back, other processes lock owner.json for
   * reading, workers copy the lock and take the copy, and answers about the time of owner.json come late.
   */
  readonly disturbed?: boolean;
}

export interface TortureResult extends Account {
  readonly kills: number;
  readonly boxKills: number;
  readonly stops: number;
  /** Times that the directory of the locks had another name for a moment. */
  readonly renames: number;
  /** Times that nobody came as far as the lock until the kills paused. */
  readonly lulls: number;
  /**
   * Times without an acquisition, although no process holds the lock for longer than a moment, and none was killed in the
   * second half of the time; with the state of the lock.
   */
  readonly wedges: readonly string[];
  /** Ends of workers that the driver did not cause. */
  readonly accidents: readonly string[];
  /** What is left beside the lock at the end of the run. */
  readonly leftovers: readonly string[];
  readonly seconds: number;
}

/** The part of a worker, which worker.mjs reads. */
interface WorkerPart {
  readonly name: string;
  readonly directory: string;
  readonly seed: number;
  readonly kind: WorkerKind;
  readonly backend: AnyName;
  readonly threads: number;
  readonly grace: number;
  readonly lease: number;
  /** Longest wait of one attempt, ms. The worker checks this often whether it should end. */
  readonly patience: number;
  /** The build/modules of another version that this worker uses; null for this one. */
  readonly modules: string | null;
  readonly operations: number | null;
  readonly deaths: number;
  readonly longSections: number;
  readonly watched: boolean;
  readonly disturbed: boolean;
  /** The number that it asks for; null for any. */
  readonly pid: number | null;
}

const READER = fileURLToPath(new URL('reader.py', import.meta.url));
const WARDEN = fileURLToPath(new URL('warden.mjs', import.meta.url));
/** ms; no worker is inside for as long, or stopped. */
const WEDGED_AFTER = 10_000;
/** ms; the same limit for runs where each death costs a lease, because several can happen in a row. */
const WEDGED_AFTER_BY_LEASE = 30_000;
/** ms by which a timer is late when other processes have all of the processor. */
const STARVED = 1_000;
/** ms. A stopped owner whose lease runs out may be overlapped, so none is stopped for nearly as long. */
const LEASE = 4_000;
const LONGEST_STOP = 400;
const PATIENCE = 500;
/** Processes that lock owner.json for reading. */
const READERS = 3;
/** ms for which the directory of the locks has another name. */
const LONGEST_ABSENCE = 30;
const PATIENCE_BY_LEASE = 3 * LEASE;
/** The first of the chosen numbers, which are above those of a box's own processes. */
const FIRST_PID = 1_000;

/** Lets many processes compete for one lock, kills them all the time, and counts the results. */
export async function torture(options: TortureOptions): Promise<TortureResult> {
  const directory = prepareDirectory();
  const scene = new Scene(directory, options);
  try {
    await scene.begin();
    await scene.run();
    await scene.end();
  } finally {
    await scene.close();
  }
  await sweep(directory, options);
  return { ...scene.figures(), leftovers: readdirSync(join(directory, 'locks')) };
}

/** Returns one line for people. */
export function summary(result: TortureResult, seed: number): string {
  const {
    acquisitions,
    acquisitionsBy,
    kills,
    boxKills,
    stops,
    renames,
    lulls,
    reclaims,
    overlaps,
    wedges,
    suspicions,
    seconds,
    longestGap,
  } = result;
  const shares = Object.entries(acquisitionsBy)
    .map(([worker, count]) => `${worker} ${count}`)
    .join(', ');
  return (
    `torture, seed ${seed}, ${Math.round(seconds)} s: ${acquisitions} acquisitions (${shares}), ` +
    `${kills} kills ` +
    `(${boxKills} boxes), ${stops} stops, ${renames} renames, ${reclaims} reclaims, ${overlaps.length} overlaps, ` +
    `${suspicions.length} suspicions, ${wedges.length} wedges, ${lulls} lulls, longest gap ${longestGap} ms`
  );
}

function prepareDirectory(): string {
  const directory = tempDir();
  for (const folder of ['locks', 'copies']) mkdirSync(join(directory, folder));
  writeFileSync(join(directory, 'oracle'), '');
  writeFileSync(join(directory, 'journal'), '');
  writeFileSync(join(directory, 'counter'), '0'.padStart(12));
  return directory;
}

class Scene {
  readonly #directory: string;
  readonly #options: TortureOptions;
  readonly #random: () => number;
  readonly #wardens: (Warden | null)[] = [];
  readonly #accidents: string[] = [];
  readonly #wedges: string[] = [];
  readonly #startedAt = performance.now();
  #kills = 0;
  #boxKills = 0;
  #stops = 0;
  #renames = 0;
  #lulls = 0;

  constructor(directory: string, options: TortureOptions) {
    this.#directory = directory;
    this.#options = options;
    this.#random = randomFrom(options.seed);
  }

  async begin(): Promise<void> {
    for (const index of this.#options.groups.keys()) await this.#open(index);
    if (this.#options.disturbed !== true) return;
    const file = join(this.#locks, 'x.lock', 'owner.json');
    for (let reader = 0; reader < READERS; reader += 1) {
      await startProcess(['python3', READER, file, String(this.#options.seed + reader)]);
    }
  }

  async run(): Promise<void> {
    const {
      seconds,
      untilOverlap = false,
      violence = 300,
      boxLife = 5_000,
      longestStop = LONGEST_STOP,
      byLease = false,
      disturbed = false,
    } = this.#options;
    const wedgedAfter = byLease ? WEDGED_AFTER_BY_LEASE : WEDGED_AFTER;
    const until = performance.now() + 1000 * seconds;
    let nextBoxKill = performance.now() + this.#around(boxLife);
    let size = 0;
    let grownAt = performance.now();
    while (performance.now() < until) {
      const before = performance.now();
      const pause = this.#around(violence);
      await sleep(pause);
      const now = performance.now();
      const grown = statSync(this.#journal).size;
      // When this process itself is held up, the machine is to blame.
      if (grown !== size || now - before - pause > STARVED) grownAt = now;
      size = grown;
      if (now - grownAt > wedgedAfter) {
        if (!(await this.#growsInPeace(size, wedgedAfter))) {
          this.#wedges.push(this.#describeLock());
          return;
        }
        this.#lulls += 1;
        grownAt = performance.now();
        continue;
      }
      if (disturbed) await this.#renameParent();
      if (untilOverlap && this.#account().overlaps.length > 0) return;
      if (now > nextBoxKill) {
        await this.#killBox();
        nextBoxKill = performance.now() + this.#around(boxLife);
      } else if (this.#random() < 0.8) {
        this.#choose()?.order({ order: 'kill' }, this.#random());
      } else if (longestStop > 0) {
        this.#stops += 1;
        this.#choose()?.order({ order: 'stop', ms: longestStop * this.#random() }, this.#random());
      }
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.#wardens.map((warden) => warden?.end()));
  }

  async close(): Promise<void> {
    await Promise.all(this.#wardens.map((warden) => warden?.kill()));
  }

  figures(): Omit<TortureResult, 'leftovers'> {
    return {
      ...this.#account(),
      kills: this.#kills,
      boxKills: this.#boxKills,
      stops: this.#stops,
      renames: this.#renames,
      lulls: this.#lulls,
      wedges: this.#wedges,
      accidents: this.#accidents,
      seconds: (performance.now() - this.#startedAt) / 1000,
    };
  }

  get #locks(): string {
    return join(this.#directory, 'locks');
  }

  get #journal(): string {
    return join(this.#directory, 'journal');
  }

  #account(): Account {
    const counter = Number(readFileSync(join(this.#directory, 'counter'), 'latin1'));
    return account(readFileSync(this.#journal, 'latin1'), counter);
  }

  /** Draws from nothing to twice the average. */
  #around(average: number): number {
    return 2 * average * this.#random();
  }

  #choose(): Warden | null {
    return this.#wardens[Math.floor(this.#random() * this.#wardens.length)] ?? null;
  }

  /**
   * Kills nobody for a while. On a busy machine the workers may all be killed before they have come as far as the lock; then
   * one of them enters now.
   */
  async #growsInPeace(size: number, longest: number): Promise<boolean> {
    const until = performance.now() + longest;
    while (statSync(this.#journal).size === size) {
      if (performance.now() > until) return false;
      await sleep(50);
    }
    return true;
  }

  /** Whoever has the directory open goes on; others find nothing at the path. */
  async #renameParent(): Promise<void> {
    const away = `${this.#locks}.away`;
    renameSync(this.#locks, away);
    this.#renames += 1;
    await sleep(this.#random() * LONGEST_ABSENCE);
    renameSync(away, this.#locks);
  }

  async #killBox(): Promise<void> {
    const boxes = [...this.#options.groups.keys()].filter((index) => this.#options.groups[index]?.isBox);
    const index = boxes[Math.floor(this.#random() * boxes.length)];
    const warden = index === undefined ? null : this.#wardens[index];
    if (index === undefined || !warden) return;
    this.#wardens[index] = null;
    this.#boxKills += 1;
    this.#kills += warden.workers;
    await warden.kill();
    await sleep(this.#around(60));
    await this.#open(index);
  }

  async #open(index: number): Promise<void> {
    const {
      groups,
      seed,
      ownerlessGrace = 5_000,
      operations = 120,
      deaths = 0.03,
      longSections = 0,
      watched = false,
      disturbed = false,
      samePids = true,
      byLease = false,
    } = this.#options;
    const group = groups[index];
    if (group === undefined) return;
    const parts = group.workers.map(({ kind, backend, threads = 0, modules = null }, slot): WorkerPart => {
      return {
        name: `${index}.${slot}`,
        directory: this.#directory,
        seed: seed + 1_000_003 * (10 * index + slot) + 13 * this.#boxKills,
        kind,
        backend,
        threads,
        grace: ownerlessGrace,
        lease: LEASE,
        modules,
        patience: byLease ? PATIENCE_BY_LEASE : PATIENCE,
        operations,
        deaths,
        longSections,
        watched,
        disturbed,
        pid: samePids && group.isBox ? FIRST_PID + 100 * slot : null,
      };
    });
    const command = [process.execPath, WARDEN, JSON.stringify(parts)];
    const process_ = group.isBox ? (await openBox({ init: command })).init : await startProcess(command);
    const warden = new Warden(process_, parts.length, ({ ended, code, signal, errors }) => {
      if (signal === 'SIGKILL') this.#kills += 1;
      // A worker that has hardly begun when the run ends cannot handle SIGTERM yet.
      else if (!warden.isEnding || (code !== 0 && signal !== 'SIGTERM')) {
        this.#accidents.push(`${ended} ended, code ${code}, signal ${signal}: ${errors}`);
      }
    });
    this.#wardens[index] = warden;
  }

  #describeLock(): string {
    const locks = this.#locks;
    const names = readdirSync(locks, { recursive: true, encoding: 'utf8' });
    const texts = names
      .filter((name) => name.includes('owner.json'))
      .map((name) => readText(join(locks, name)));
    const last = readFileSync(this.#journal, 'latin1').trimEnd().split('\n').slice(-3);
    return `${names.join(', ')}; ${texts.join('; ')}; journal: ${last.join(' | ')}`;
  }
}

interface WorkerEnd {
  readonly ended: string;
  readonly code: number | null;
  readonly signal: string | null;
  readonly errors: string;
}

/** The process that keeps the workers of one namespace running. */
class Warden {
  readonly workers: number;
  isEnding = false;
  readonly #process: TestProcess;
  #isKilled = false;

  constructor(process: TestProcess, workers: number, onEnd: (end: WorkerEnd) => void) {
    this.#process = process;
    this.workers = workers;
    void this.#listen(onEnd);
  }

  /** Sends an order to one of its workers; `draw` from 0 to 1 selects it. */
  order(order: object, draw: number): void {
    this.#process.send({ ...order, slot: Math.floor(draw * this.workers) });
  }

  /** Lets the workers end. */
  async end(): Promise<void> {
    this.isEnding = true;
    this.#process.send({ order: 'end' });
    const { code } = await this.#process.exited;
    if (code !== 0) throw new Error(`a warden ended with code ${code}: ${this.#process.errors}`);
  }

  async kill(): Promise<void> {
    this.#isKilled = true;
    await this.#process.kill();
  }

  async #listen(onEnd: (end: WorkerEnd) => void): Promise<void> {
    for (;;) {
      const message = await this.#process
        .message<WorkerEnd | { started: number }>(2 ** 31 - 1)
        .catch(() => null);
      if (message === null || this.#isKilled) return;
      if ('ended' in message) onEnd(message);
    }
  }
}

/** Most acquisitions of the process that sweeps at the end. */
const SWEEPS = 10;
/** Milliseconds between two of them: a sweep that ran out of its time rests for nine times what it took. */
const REST = 300;

/** Acts as a process that comes later, from this namespace, and removes what the killed ones left. */
async function sweep(directory: string, { groups, ownerlessGrace = 5_000 }: TortureOptions): Promise<void> {
  if (!groups.some(({ workers }) => workers.some(({ kind }) => kind === 'ours'))) return;
  await sleep(ownerlessGrace);
  const agent = await startAgent();
  const locks = join(directory, 'locks');
  const path = join(locks, 'x.lock');
  for (let round = 1; ; round += 1) {
    await agent.acquire(path, { ownerlessGrace, timeout: 9_000 });
    await agent.release(path);
    // An acquisition sweeps for some milliseconds, and the one that follows goes on.
    if (round === SWEEPS || readdirSync(locks).length === 0) return;
    await sleep(REST);
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    return (error as Error).message;
  }
}
