import {
  type Directory,
  directoryAt,
  mkdir,
  type Name,
  outside,
  type Process,
  renameDirectory,
  rmdir,
  type World,
} from './world.js';

/**
 * The lock's protocol as a table of steps, each one system call, and variants of it with one mistake each. A
 * process is at a named step, and each step leads to the next one.
 */

/** The one thing that a variant does differently from the lock. */
export type Mistake =
  /** owner.json is taken out of whichever directory has the lock's name by then. */
  | 'delete-by-path'
  /** The whole directory is renamed away, then deleted. */
  | 'rename-aside'
  /** The directory appears under the lock's name, then owner.json is written into it. */
  | 'publish-before-owner'
  /** No rename decides who reclaims: each process deletes what it finds, then the directory by its path. */
  | 'no-retiring-rename'
  /** The reclaimer puts its own owner.json into the directory it has reclaimed. */
  | 'refill'
  /** A second directory is made to keep other reclaimers out. */
  | 'guard-directory'
  /** The witness is taken only when every process can see the lock already. */
  | 'late-witness'
  /** Private directories are swept without judging their owners. */
  | 'sweep-unjudged'
  /**
   * Every process that sees a directory whose lock is gone removes it, not only the one that deleted the last
   * file in it.
   */
  | 'shared-removal';

export interface Rules {
  readonly mistake?: Mistake;
  /** False: the grace can be over while a live process is still making the directory. */
  readonly patient: boolean;
  /** Contenders also look at private directories that other processes made. */
  readonly sweep?: boolean;
}

export type Kind =
  /** Holds the lock from the start, and may release it. */
  | 'owner'
  /** Publishes with RENAME_NOREPLACE, again and again. */
  | 'contender'
  /** Publishes by mkdir and a rename over the directory made. */
  | 'plain-contender'
  /** Knows a PID only: mkdir, then write. It never deletes another's lock. */
  | 'older';

/** One step of one process, and the state that it can see and change. */
interface Turn {
  readonly world: World;
  readonly index: number;
  readonly me: Process;
  readonly kind: Kind;
  readonly rules: Rules;
  /** Records a violation caused by this step. */
  fault(what: string): void;
}

/** @returns false when the step cannot be taken now. */
type Step = (turn: Turn) => boolean | undefined;

/** Between these steps the maker of a directory is not done with it. */
const MAKING = new Set([
  'open-own',
  'create',
  'complete',
  'publish',
  'publish-over',
  'write',
  'write-in-place',
  'older-rmdir',
]);
/** Between these steps a process is about to remove the directory that it looks at. */
const CLEARING = new Set(['compare', 'rmdir']);

/**
 * Lets time pass in which nothing else happens: directories without owner.json come of age, unless a process
 * is working on them.
 */
export function passTime(world: World, patient: boolean): boolean {
  let passed = false;
  for (const [number, directory] of world.directories.entries()) {
    const { owner, retired, linked, aged, maker } = directory;
    if (aged || !linked || owner >= 0 || retired.length > 0) continue;
    const isAtWork = ({ alive, at, view }: Process, index: number) =>
      alive && ((index === maker && MAKING.has(at)) || (view === number && CLEARING.has(at)));
    if (patient && world.processes.some(isAtWork)) continue;
    directory.aged = passed = true;
  }
  return passed;
}

/** The process believes that it alone is in the critical section. */
export function isInside({ alive, at }: Process): boolean {
  return alive && (at === 'critical' || at === 'older-critical');
}

export const STEPS: Readonly<Record<string, readonly Step[]>> = {
  // Steps that look and judge.
  look: [
    (turn) => {
      const { world, me, rules } = turn;
      const found = directoryAt(world, 'lock');
      me.target = 'lock';
      if (found < 0) return go(me, rules.mistake === 'publish-before-owner' ? 'make-in-place' : 'draft');
      me.view = found;
      return go(me, 'read');
    },
    ({ world, me, index, rules }) => {
      if (rules.sweep !== true) return false;
      const orphan = world.processes.findIndex((_, other) => other !== index && world.names.has(other));
      if (orphan < 0) return false;
      me.target = orphan;
      me.view = directoryAt(world, orphan);
      return go(me, 'read');
    },
  ],
  read: [
    ({ world, me, rules }) => {
      const view = viewed(world, me);
      me.seen = view.owner;
      if (me.target !== 'lock' && rules.mistake === 'sweep-unjudged') return go(me, 'refuse');
      if (view.owner >= 0) return go(me, 'judge');
      if (!view.linked) return lookAgain(me);
      return go(me, view.retired.length > 0 ? 'list' : 'empty');
    },
  ],
  judge: [
    ({ world, me, rules }) => {
      const { by, witness } = world.files[me.seen] as World['files'][number];
      // An older program's record names a process, and no witness.
      const alive = witness >= 0 || world.processes[by]?.at.startsWith('older') === true;
      if (!alive) return go(me, rules.mistake === 'guard-directory' ? 'guard' : 'refuse');
      return lookAgain(me);
    },
  ],
  empty: [
    ({ world, me }) => {
      me.aged = viewed(world, me).aged;
      return me.aged ? go(me, 'list') : lookAgain(me);
    },
  ],

  // Steps that clear a lock found stale.
  refuse: [
    ({ world, me, rules }) => {
      if (rules.mistake === 'no-retiring-rename') return go(me, 'unlink-seen');
      if (rules.mistake === 'rename-aside') return go(me, 'set-aside');
      if (viewed(world, me).alien) return lookAgain(me);
      return go(me, me.seen >= 0 ? 'retire' : 'list');
    },
  ],
  retire: [
    (turn) => {
      const { world, me, rules } = turn;
      const view =
        rules.mistake === 'delete-by-path'
          ? world.directories[directoryAt(world, me.target)]
          : viewed(world, me);
      if (view === undefined || view.owner < 0) return lookAgain(me);
      takeFrom(turn, view);
      view.retired.push(view.owner);
      view.owner = -1;
      return go(me, rules.mistake === 'refill' ? 'refill' : 'list');
    },
  ],
  list: [
    ({ world, me, rules }) => {
      const { retired, fresh } = viewed(world, me);
      me.listed = [...retired, ...(fresh >= 0 ? [fresh] : [])];
      if (me.listed.length > 0) return go(me, 'unlink');
      const mayRemove = me.aged || rules.mistake === 'shared-removal';
      return mayRemove ? go(me, 'compare') : lookAgain(me);
    },
  ],
  unlink: [
    ({ world, me, kind, rules }) => {
      const view = viewed(world, me);
      const file = me.listed.shift();
      const won = view.fresh === file || view.retired.includes(file as number);
      if (!won && rules.mistake !== 'shared-removal') return done(me, kind);
      view.retired = view.retired.filter((entry) => entry !== file);
      if (view.fresh === file) view.fresh = -1;
      return go(me, me.listed.length > 0 ? 'unlink' : 'compare');
    },
  ],
  compare: [
    ({ world, me, kind }) => (directoryAt(world, me.target) === me.view ? go(me, 'rmdir') : done(me, kind)),
  ],
  rmdir: [
    (turn) => {
      removeAtPath(turn, turn.me.target);
      return done(turn.me, turn.kind);
    },
  ],

  // Steps that make a directory ready and publish it.
  draft: [
    ({ world, me, index }) => {
      me.view = me.seen = -1;
      if (mkdir(world, index, index) === 'EEXIST') return false;
      return go(me, 'open-own');
    },
  ],
  'open-own': [
    ({ world, me, index }) => {
      me.own = directoryAt(world, index);
      return go(me, me.own < 0 ? 'look' : 'create');
    },
  ],
  create: [
    ({ world, me, index, rules }) => {
      const own = world.directories[me.own] as Directory;
      if (!own.linked) return go(me, 'discard');
      own.aged = false;
      me.file = world.files.length;
      world.files.push({ by: index, witness: rules.mistake === 'late-witness' ? -1 : index });
      own.fresh = me.file;
      return go(me, 'complete');
    },
  ],
  complete: [
    ({ world, me, kind }) => {
      const own = world.directories[me.own] as Directory;
      if (own.fresh !== me.file) return go(me, 'discard');
      own.fresh = -1;
      own.owner = me.file;
      return go(me, kind === 'plain-contender' ? 'reserve' : 'publish');
    },
  ],
  publish: [
    ({ world, me, index }) => {
      const error = renameDirectory(world, index, 'lock', false);
      return go(me, error === null ? 'verify' : 'discard');
    },
  ],
  reserve: [
    ({ world, me, index }) => go(me, mkdir(world, 'lock', index) === null ? 'publish-over' : 'discard'),
  ],
  'publish-over': [
    (turn) => {
      const { world, me, index } = turn;
      const replaced = directoryAt(world, 'lock');
      const error = renameDirectory(world, index, 'lock', true);
      if (error === null) faultIfMaking(turn, replaced);
      return go(me, error === null ? 'verify' : error === 'ENOENT' ? 'unreserve' : 'discard');
    },
  ],
  unreserve: [
    (turn) => {
      removeAtPath(turn, 'lock');
      return go(turn.me, 'discard');
    },
  ],
  verify: [
    ({ world, me, index }) => {
      const file = world.files[me.file];
      if (file !== undefined) file.witness = index;
      return go(me, directoryAt(world, 'lock') === me.own ? 'critical' : 'discard');
    },
  ],
  discard: [
    (turn) => {
      const { world, me } = turn;
      const own = world.directories[me.own];
      if (own?.fresh === me.file) own.fresh = -1;
      if (own?.owner === me.file) own.owner = -1;
      if (own !== undefined) own.aged = false;
      return go(me, 'discard-rmdir');
    },
  ],
  'discard-rmdir': [
    (turn) => {
      const { world, me, index } = turn;
      if (directoryAt(world, index) === me.own) removeAtPath(turn, index);
      dropWitness(world, me);
      return done(me, 'contender');
    },
  ],

  // Steps that hold and release.
  critical: [
    (turn) => {
      const { world, me } = turn;
      const own = world.directories[me.own] as Directory;
      if (own.owner !== me.file) {
        turn.fault('a live owner found its owner.json gone');
        return go(me, 'discard');
      }
      own.owner = -1;
      own.retired.push(me.file);
      return go(me, 'close');
    },
  ],
  close: [
    ({ world, me }) => {
      me.listed = [me.file];
      me.view = me.own;
      me.target = 'lock';
      dropWitness(world, me);
      return go(me, 'unlink');
    },
  ],

  // Steps of a program that knows only PIDs.
  'older-look': [({ world, me, index }) => (mkdir(world, 'lock', index) === null ? go(me, 'write') : false)],
  write: [
    (turn) => {
      const { world, me, index } = turn;
      const found = world.directories[directoryAt(world, 'lock')];
      if (found === undefined) return go(me, 'older-look');
      if (found.owner < 0) {
        found.owner = world.files.length;
        world.files.push({ by: index, witness: -1 });
      } else {
        if (world.processes[world.files[found.owner]?.by ?? -1]?.at === 'critical')
          turn.fault('an older program wrote over the record of a live owner');
        world.files[found.owner] = { by: index, witness: world.files[found.owner]?.witness ?? -1 };
      }
      me.file = found.owner;
      return go(me, 'older-critical');
    },
  ],
  'older-critical': [
    ({ world, me }) => {
      const found = world.directories[directoryAt(world, 'lock')];
      if (found?.owner === me.file) found.owner = -1;
      return go(me, 'older-rmdir');
    },
  ],
  'older-rmdir': [
    ({ world, me }) => {
      rmdir(world, 'lock');
      me.file = -1;
      return go(me, 'older-look');
    },
  ],

  // Steps of the mistakes.
  'set-aside': [
    (turn) => {
      const { world, me } = turn;
      const moved = world.directories[directoryAt(world, 'lock')];
      if (moved === undefined || renameDirectory(world, 'lock', 'aside', true) !== null) return lookAgain(me);
      removeTree(turn, 'aside', moved);
      return lookAgain(me);
    },
  ],
  'unlink-seen': [
    (turn) => {
      const view = viewed(turn.world, turn.me);
      if (view.owner >= 0) takeFrom(turn, view);
      view.owner = -1;
      return go(turn.me, 'remove-tree');
    },
  ],
  'remove-tree': [
    (turn) => {
      const { world, me } = turn;
      const found = world.directories[directoryAt(world, 'lock')];
      if (found !== undefined) removeTree(turn, 'lock', found);
      return lookAgain(me);
    },
  ],
  refill: [
    ({ world, me, index }) => {
      const view = viewed(world, me);
      if (!view.linked || view.owner >= 0) return lookAgain(me);
      me.own = me.view;
      me.file = view.owner = world.files.length;
      world.files.push({ by: index, witness: index });
      view.retired = [];
      return go(me, 'critical');
    },
  ],
  'make-in-place': [
    ({ world, me, index }) =>
      mkdir(world, 'lock', index) === null ? go(me, 'write-in-place') : lookAgain(me),
  ],
  'write-in-place': [
    (turn) => {
      const { world, me, index } = turn;
      me.own = directoryAt(world, 'lock');
      const found = world.directories[me.own];
      if (found === undefined) return lookAgain(me);
      if (found.owner >= 0) takeFrom(turn, found);
      me.file = found.owner = world.files.length;
      world.files.push({ by: index, witness: index });
      return go(me, 'critical');
    },
  ],
  guard: [
    ({ world, me, index }) =>
      mkdir(world, 'guard', index) === null ? go(me, 'guarded-judge') : lookAgain(me),
  ],
  'guarded-judge': [
    (turn) => {
      const { world, me } = turn;
      const found = world.directories[directoryAt(world, 'lock')];
      if (found !== undefined && (world.files[found.owner]?.witness ?? -1) < 0) {
        takeFrom(turn, found);
        found.owner = -1;
        found.retired = [];
        rmdir(world, 'lock');
      }
      return go(me, 'unguard');
    },
  ],
  unguard: [
    ({ world, me }) => {
      rmdir(world, 'guard');
      return lookAgain(me);
    },
  ],
};

function go(me: Process, at: string): undefined {
  me.at = at;
  return undefined;
}

/** Closes everything that was open for this look. */
function lookAgain(me: Process): undefined {
  me.view = me.seen = -1;
  me.listed = [];
  me.aged = false;
  me.target = 'lock';
  return go(me, 'look');
}

/** The initial owner ends when it has released the lock. Contenders start again. */
function done(me: Process, kind: Kind): undefined {
  Object.assign(me, outside(kind === 'owner' ? 'done' : 'look'));
  return undefined;
}

function viewed(world: World, me: Process): Directory {
  return world.directories[me.view] as Directory;
}

function dropWitness(world: World, me: Process): void {
  const file = world.files[me.file];
  if (file !== undefined) file.witness = -1;
}

/** Call this where a process takes an owner.json out of its directory because it judged the owner dead. */
function takeFrom(turn: Turn, directory: Directory): void {
  const file = turn.world.files[directory.owner];
  const owner = file === undefined ? undefined : turn.world.processes[file.by];
  if (owner?.alive === true && (file?.witness ?? -1) >= 0) turn.fault('the lock of a live owner was removed');
  if (owner?.alive === true && isInside(owner)) turn.fault('the lock of a live owner was removed');
}

/** Removes the directory at `name` with everything in it. */
function removeTree(turn: Turn, name: Name, directory: Directory): void {
  takeFrom(turn, directory);
  if (directory.alien) turn.fault("somebody's file was deleted");
  Object.assign(directory, { owner: -1, fresh: -1, retired: [], alien: false, linked: false });
  turn.world.names.delete(name);
}

function removeAtPath(turn: Turn, name: Name): void {
  const standing = directoryAt(turn.world, name);
  if (rmdir(turn.world, name) === null) faultIfMaking(turn, standing);
}

/**
 * Programs of ours can lose an empty directory, because they notice. An older program writes into it by its
 * path.
 */
function faultIfMaking(turn: Turn, directory: number): void {
  const { maker } = turn.world.directories[directory] ?? { maker: -1 };
  if (turn.world.processes[maker]?.alive === true && turn.world.processes[maker]?.at === 'write') {
    turn.fault('the directory of an older program was removed under its hands');
  }
}
