import { isInside, type Kind, passTime, type Rules, STEPS } from './programs.js';
import { copyWorld, directoryAt, endProcess, keyOf, outside, type Process, type World } from './world.js';

interface Exploration {
  readonly states: number;
  /** A violation, with the steps that lead there; null when none is possible. */
  readonly fault: Fault | null;
  /**
   * A state from which no live process can ever acquire the lock, although no live process holds it; null
   * when there is none.
   */
  readonly wedge: Fault | null;
}

interface Fault {
  readonly what: string;
  readonly steps: readonly string[];
}

interface Edge {
  readonly from: number;
  readonly isCrash: boolean;
}

/** This is more than any of the tests needs. A model that grows beyond it has lost its bounds. */
const MAX_STATES = 3_000_000;

/**
 * Tries every order in which the processes can take their steps, and the death of each at every moment.
 * `kinds[0]` holds the lock at the start when it is an `owner`; otherwise the lock is free.
 */
export function explore(kinds: readonly Kind[], rules: Rules, alien = false): Exploration {
  const first = start(kinds, alien);
  const worlds: (World | null)[] = [first];
  const known = new Map<string, number>([[keyOf(first), 0]]);
  const cameFrom: { from: number; step: string }[] = [{ from: -1, step: '' }];
  const into: Edge[][] = [[]];
  const acquiring: number[] = [];
  const waiting: number[] = [];

  for (let current = 0; current < worlds.length; current += 1) {
    const world = worlds[current] as World;
    // Only the edges are needed later.
    worlds[current] = null;
    if (needsProgress(world, kinds)) waiting.push(current);
    for (const { next, step, isCrash, faults } of successors(world, kinds, rules)) {
      const inside = next.processes.filter(isInside).length;
      const what = faults[0] ?? whatIsWrong(next, inside);
      if (what !== undefined) {
        return {
          states: worlds.length,
          fault: { what, steps: [...path(cameFrom, current), step] },
          wedge: null,
        };
      }
      if (inside > world.processes.filter(isInside).length) acquiring.push(current);
      const key = keyOf(next);
      let number = known.get(key);
      if (number === undefined) {
        number = worlds.length;
        if (number >= MAX_STATES) throw new Error(`more than ${MAX_STATES} states`);
        known.set(key, number);
        worlds.push(next);
        cameFrom.push({ from: current, step });
        into.push([]);
      }
      into[number]?.push({ from: current, isCrash });
    }
  }

  const hopeful = canReach(acquiring, into);
  const stuck = waiting.find((state) => !hopeful.has(state));
  const wedge =
    stuck === undefined ? null : { what: 'nobody can ever acquire the lock', steps: path(cameFrom, stuck) };
  return { states: worlds.length, fault: null, wedge };
}

function whatIsWrong(world: World, inside: number): string | undefined {
  if (inside > 1) return 'two processes are inside at once';
  const isRobbed = (process: Process) => isInside(process) && !hasRecord(world, process);
  return world.processes.some(isRobbed) ? 'the lock of a live owner was removed' : undefined;
}

/** The record of a process that is inside stands in the lock's directory, under its name or a claimed one. */
function hasRecord(world: World, { file }: Process): boolean {
  const { owner, claimed } = world.directories[directoryAt(world, 'lock')] ?? { owner: -1, claimed: [] };
  return owner === file || claimed.some((claim) => claim.file === file);
}

const FIRST_STEPS: Partial<Record<Kind, string>> = {
  older: 'older-look',
  taker: 'taker-look',
  overwriter: 'taker-look',
};

function start(kinds: readonly Kind[], alien: boolean): World {
  const world: World = { names: new Map(), directories: [], files: [], processes: [], nonces: 0 };
  kinds.forEach((kind, index) => {
    const process = outside(FIRST_STEPS[kind] ?? 'look');
    world.processes.push(process);
    if (kind !== 'owner') return;
    world.names.set('lock', 0);
    world.directories.push({
      owner: 0,
      fresh: -1,
      claimed: [],
      retired: [],
      alien,
      linked: true,
      maker: index,
      aged: false,
    });
    world.files.push({ by: index, witness: index });
    Object.assign(process, { at: 'critical', own: 0, file: 0 });
  });
  return world;
}

interface Successor {
  readonly next: World;
  readonly step: string;
  readonly isCrash: boolean;
  readonly faults: readonly string[];
}

function* successors(world: World, kinds: readonly Kind[], rules: Rules): Generator<Successor> {
  const later = copyWorld(world);
  if (passTime(later, rules.patient, kinds.includes('previous')))
    yield { next: later, step: 'time passes', isCrash: false, faults: [] };
  for (const [index, kind] of kinds.entries()) {
    const process = world.processes[index];
    if (process === undefined || !process.alive) continue;
    for (const take of STEPS[process.at] ?? []) {
      const next = copyWorld(world);
      const me = next.processes[index];
      if (me === undefined) continue;
      const faults: string[] = [];
      const turn = { world: next, index, me, kind, rules, fault: (what: string) => void faults.push(what) };
      if (take(turn) === false) continue;
      yield { next, step: `${kind} ${index}: ${process.at}`, isCrash: false, faults };
    }
    const next = copyWorld(world);
    endProcess(next, index);
    yield { next, step: `${kind} ${index} is killed at: ${process.at}`, isCrash: true, faults: [] };
  }
}

/** Returns whether a live process wants the lock while no live process holds it. */
function needsProgress({ processes }: World, kinds: readonly Kind[]): boolean {
  const wants = processes.some(({ alive }, index) => alive && kinds[index]?.endsWith('contender') === true);
  return wants && !processes.some(isInside);
}

/** The states from which one of `goals` can be reached without another death. */
function canReach(goals: readonly number[], into: readonly Edge[][]): Set<number> {
  const reached = new Set(goals);
  const open = [...goals];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    for (const { from, isCrash } of into[state] ?? []) {
      if (isCrash || reached.has(from)) continue;
      reached.add(from);
      open.push(from);
    }
  }
  return reached;
}

function path(cameFrom: readonly { from: number; step: string }[], state: number): string[] {
  const steps: string[] = [];
  for (let at = state; at > 0; at = cameFrom[at]?.from ?? 0) steps.unshift(cameFrom[at]?.step ?? '');
  return steps;
}
