import {
  type Claim,
  type Directory,
  directoryAt,
  type Entry,
  endProcess,
  type FileName,
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
  /** What was renamed away frees the lock, whether it is what was judged or not. */
  | 'no-comparison'
  /** Only the inode is compared, not what the file says. */
  | 'inode-comparison'
  /** A claimed owner.json names nobody: its directory counts as one without an owner. */
  | 'claim-ignored'
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
  /** The directory is compared and removed in one step, so that nobody can put another one in its place in between. */
  readonly atomicRemoval?: boolean;
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
  | 'older'
  /** Version 0.1: retires in one step, and counts a directory with a claimed file alone as one without an owner. */
  | 'previous'
  /** Knows a PID only, and takes the lock of a dead owner over by renaming its own owner.json over the one there. */
  | 'taker'
  /** The same, but it writes into the owner.json that is there. */
  | 'overwriter';

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
const CLEARING = new Set(['compare', 'rmdir', 'free', 'put-back', 'take-claim', 'give-name', 'drop-name']);
/** Between these steps a process releases its own lock. */
const RELEASING = new Set([
  'own-free',
  'own-put-back',
  'own-take-claim',
  'own-give-name',
  'own-drop-name',
  'own-find',
  'close',
]);

/**
 * Lets time pass in which nothing else happens: directories without owner.json come of age, unless a process
 * is working on them.
 */
export function passTime(world: World, patient: boolean, agesClaims: boolean): boolean {
  let passed = false;
  for (const [number, directory] of world.directories.entries()) {
    const { owner, claimed, retired, linked, aged, maker } = directory;
    if (aged || !linked || owner >= 0 || (claimed.length > 0 && !agesClaims) || retired.length > 0) continue;
    const isAtWork = ({ alive, at, view, own }: Process, index: number) =>
      alive &&
      ((index === maker && MAKING.has(at)) ||
        (view === number && CLEARING.has(at)) ||
        (own === number && RELEASING.has(at)));
    if (patient && world.processes.some(isAtWork)) continue;
    directory.aged = passed = true;
  }
  return passed;
}

/** The process believes that it alone is in the critical section. */
export function isInside({ alive, at }: Process): boolean {
  return alive && (at === 'critical' || at === 'older-critical');
}

/** The steps of programs whose records name a process and nothing more. */
const PID_ONLY = /^(older-|taker?-|write$)/;

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
      if (me.target !== 'lock' && rules.mistake === 'sweep-unjudged') {
        open(world, me, view.owner, 'owner');
        return go(me, 'refuse');
      }
      if (view.owner >= 0) return open(world, me, view.owner, 'owner');
      if (!view.linked) return lookAgain(me);
      return go(me, 'search');
    },
  ],
  search: [
    ({ world, me, kind, rules }) => {
      const { claimed, retired } = viewed(world, me);
      const claim = kind === 'previous' || rules.mistake === 'claim-ignored' ? undefined : claimed[0];
      if (claim !== undefined) return open(world, me, claim.file, claim.nonce);
      return go(me, retired.length > 0 ? 'list' : 'empty');
    },
  ],
  judge: [
    ({ world, me, kind, rules }) => {
      if (isAlive(world, me.seen)) {
        // A claim is old when its claimer was killed, or has been stopped for a second.
        const isOld = me.name !== 'owner' && !(rules.patient && isClaimerAtWork(world, me));
        return isOld ? go(me, putBackStep(kind)) : lookAgain(me);
      }
      // Whoever releases drops its witness once its record has another name.
      if (nameOf(viewed(world, me), me.seen, me.name) === null) return lookAgain(me);
      if (rules.mistake === 'guard-directory') return go(me, 'guard');
      return go(me, 'refuse');
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
    ({ world, me, kind, rules }) => {
      if (rules.mistake === 'no-retiring-rename') return go(me, 'unlink-seen');
      if (rules.mistake === 'rename-aside') return go(me, 'set-aside');
      const view = viewed(world, me);
      if (view.alien) return lookAgain(me);
      if (kind !== 'previous') {
        const others = otherClaims(view, me);
        if (others.some(({ file }) => isAlive(world, file))) return lookAgain(me);
        me.listed = others.map(entryOf);
      }
      return go(me, me.seen >= 0 ? 'retire' : 'list');
    },
  ],
  retire: [
    (turn) => {
      const { world, me, kind, rules } = turn;
      const view =
        rules.mistake === 'delete-by-path'
          ? world.directories[directoryAt(world, me.target)]
          : viewed(world, me);
      if (view === undefined) return lookAgain(me);
      if (kind === 'previous' || rules.mistake === 'delete-by-path' || rules.mistake === 'refill') {
        if (view.owner < 0) return lookAgain(me);
        takeFrom(turn, view);
        view.retired.push(view.owner);
        view.owner = -1;
        return go(me, rules.mistake === 'refill' ? 'refill' : 'list');
      }
      const nonce = drawNonce(world);
      const moved = rename(view, me.name, nonce);
      if (moved < 0) return lookAgain(me);
      const isJudged =
        moved === me.seen && (world.files[moved]?.by === me.judged || rules.mistake === 'inode-comparison');
      me.seen = moved;
      me.name = nonce;
      if (isJudged || rules.mistake === 'no-comparison') return go(me, 'free');
      return go(me, putBackStep(kind));
    },
  ],
  free: [
    (turn) => {
      const { world, me } = turn;
      const view = viewed(world, me);
      if (!removeClaim(view, me.name)) return lookAgain(me);
      faultIfAlive(turn, me.seen);
      view.retired.push(me.seen);
      return go(me, 'list');
    },
  ],
  'put-back': [putBack(lookAgain)],
  'take-claim': [takeClaim('give-name', lookAgain)],
  'give-name': [giveName('drop-name', lookAgain)],
  'drop-name': [
    ({ world, me }) => (removeClaim(viewed(world, me), me.name) ? go(me, 'compare') : lookAgain(me)),
  ],
  list: [
    ({ world, me, kind, rules }) => {
      const { retired, fresh, claimed } = viewed(world, me);
      // The claims of which no owner was found alive; an older program deletes them unread.
      const leftovers = kind === 'previous' ? claimed.map(entryOf) : me.listed;
      const released = retired.map((file): Entry => ({ file, name: 'retired' }));
      const unfinished: readonly Entry[] = fresh >= 0 ? [{ file: fresh, name: 'fresh' }] : [];
      me.listed = [...leftovers, ...released, ...unfinished];
      if (me.listed.length > 0) return go(me, 'unlink');
      const mayRemove = me.aged || rules.mistake === 'shared-removal';
      return mayRemove ? go(me, 'compare') : lookAgain(me);
    },
  ],
  unlink: [
    (turn) => {
      const { world, me, kind, rules } = turn;
      const view = viewed(world, me);
      const { file, name } = me.listed.shift() as Entry;
      const won =
        name === 'fresh'
          ? view.fresh === file
          : name === 'retired'
            ? view.retired.includes(file)
            : removeClaim(view, name);
      if (!won && rules.mistake !== 'shared-removal') return done(me, kind);
      if (name === 'fresh') view.fresh = -1;
      else if (name === 'retired') view.retired = view.retired.filter((other) => other !== file);
      else if (view.owner !== file) faultIfAlive(turn, file);
      return go(me, me.listed.length > 0 ? 'unlink' : 'compare');
    },
  ],
  compare: [
    (turn) => {
      const { world, me, kind, rules } = turn;
      const isSame = directoryAt(world, me.target) === me.view;
      if (isSame && rules.atomicRemoval !== true) return go(me, 'rmdir');
      if (isSame) removeAtPath(turn, me.target);
      return done(me, kind);
    },
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
      const { world, me, kind } = turn;
      const own = world.directories[me.own] as Directory;
      if (kind === 'previous') {
        if (own.owner !== me.file) {
          turn.fault('a live owner found its owner.json gone');
          return go(me, 'discard');
        }
        own.owner = -1;
        own.retired.push(me.file);
        return go(me, 'close');
      }
      return claimOwn(turn, own, 'owner');
    },
  ],
  'own-find': [
    (turn) => {
      const { world, me } = turn;
      const own = world.directories[me.own] as Directory;
      if (own.owner === me.file) return claimOwn(turn, own, 'owner');
      const claim = own.claimed.find(({ file }) => file === me.file);
      if (claim !== undefined) return claimOwn(turn, own, claim.nonce);
      turn.fault('a live owner found its owner.json gone');
      return go(me, 'discard');
    },
  ],
  'own-put-back': [putBack(findOwn)],
  'own-take-claim': [takeClaim('own-give-name', findOwn)],
  'own-give-name': [giveName('own-drop-name', findOwn)],
  'own-drop-name': [
    ({ world, me }) => {
      removeClaim(viewed(world, me), me.name);
      return findOwn(me);
    },
  ],
  'own-free': [
    ({ world, me, index }) => {
      const own = world.directories[me.own] as Directory;
      if (!removeClaim(own, nonceOf(index))) return go(me, 'own-find');
      own.retired.push(me.file);
      return go(me, 'close');
    },
  ],
  close: [
    ({ world, me }) => {
      me.listed = [{ file: me.file, name: 'retired' }];
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
    ({ world, me, kind, index }) => {
      rmdir(world, 'lock');
      me.file = -1;
      // Its record names the process, so that nobody can tell the end of its work from the end of the process.
      if (kind !== 'older') endProcess(world, index);
      else go(me, 'older-look');
      return undefined;
    },
  ],

  'taker-look': [
    ({ world, me, index }) => (mkdir(world, 'lock', index) === null ? go(me, 'write') : go(me, 'take-over')),
  ],
  'take-over': [
    ({ world, me, kind, index }) => {
      const found = world.directories[directoryAt(world, 'lock')];
      if (found === undefined || found.owner < 0 || isAlive(world, found.owner)) return go(me, 'taker-look');
      if (kind === 'overwriter') {
        // The text is new, the file is the one that was there.
        world.files[found.owner] = { by: index, witness: -1 };
        me.file = found.owner;
      } else {
        me.file = found.owner = world.files.length;
        world.files.push({ by: index, witness: -1 });
      }
      found.maker = index;
      return go(me, 'older-critical');
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
  me.view = me.seen = me.judged = -1;
  me.name = 'owner';
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

/** An older program's record names a process, and no witness. */
function isAlive(world: World, file: number): boolean {
  const { by, witness } = world.files[file] as World['files'][number];
  const process = world.processes[by];
  return witness >= 0 || (process?.alive === true && PID_ONLY.test(process.at));
}

/** Opens the file and reads it. */
function open(world: World, me: Process, file: number, name: FileName): undefined {
  me.seen = file;
  me.name = name;
  me.judged = world.files[file]?.by ?? -1;
  return go(me, 'judge');
}

function putBackStep(kind: Kind): string {
  return kind === 'plain-contender' ? 'take-claim' : 'put-back';
}

function isClaimerAtWork({ processes }: World, { name }: Process): boolean {
  return processes.some(
    (process, index) =>
      process.alive &&
      ((RELEASING.has(process.at) && nonceOf(index) === name) ||
        (CLEARING.has(process.at) && process.name === name)),
  );
}

function drawNonce(world: World): number {
  world.nonces += 1;
  return world.nonces;
}

/** The nonce of a lock. */
function nonceOf(process: number): number {
  return -1 - process;
}

/** The entry of that name, if it is that file; otherwise null. */
function nameOf({ owner, claimed }: Directory, wanted: number, name: FileName): FileName | null {
  if (name === 'owner') return owner === wanted ? name : null;
  return claimed.some(({ file, nonce }) => file === wanted && nonce === name) ? name : null;
}

function entryOf({ file, nonce }: Claim): Entry {
  return { file, name: nonce };
}

function otherClaims({ claimed }: Directory, { seen, name }: Process): Claim[] {
  return claimed.filter(({ file, nonce }) => file !== seen || nonce !== name);
}

/** rename(2) of what has that name to claimed.<nonce>. @returns the file; -1 when there is none. */
function rename(directory: Directory, from: FileName, nonce: number): number {
  const claim = directory.claimed.find((other) => other.nonce === from);
  const moved = from === 'owner' ? directory.owner : (claim?.file ?? -1);
  if (moved < 0) return -1;
  directory.aged = false;
  if (from === 'owner') directory.owner = -1;
  directory.claimed = directory.claimed.filter((other) => other !== claim);
  directory.claimed.push({ file: moved, nonce });
  return moved;
}

/** @returns false when there was none. */
function removeClaim(directory: Directory, name: FileName): boolean {
  const before = directory.claimed.length;
  directory.claimed = directory.claimed.filter(({ nonce }) => nonce !== name);
  return directory.claimed.length < before;
}

/** A release claims each time with the nonce of its lock, so that the name may be there already. */
function claimOwn(turn: Turn, own: Directory, from: FileName): undefined {
  const { me, kind, index } = turn;
  const nonce = nonceOf(index);
  const there = own.claimed.find((claim) => claim.nonce === nonce)?.file ?? -1;
  let moved = there;
  // rename(2) of two names of one file does nothing.
  if (from !== nonce && (there < 0 || from !== 'owner' || own.owner !== there)) {
    if (there >= 0) faultIfAlive(turn, there);
    removeClaim(own, nonce);
    moved = rename(own, from, nonce);
  }
  if (moved < 0) return go(me, 'own-find');
  if (moved === me.file) return go(me, 'own-free');
  Object.assign(me, { view: me.own, seen: moved, name: nonce });
  return go(me, `own-${putBackStep(kind)}`);
}

function findOwn(me: Process): undefined {
  me.view = me.seen = -1;
  me.name = 'owner';
  return go(me, 'own-find');
}

/** Gives a claimed file its name back by RENAME_NOREPLACE. */
function putBack(then: (me: Process) => undefined): Step {
  return ({ world, me }) => {
    const view = viewed(world, me);
    if (view.owner < 0 && removeClaim(view, me.name)) {
      view.owner = me.seen;
      view.aged = false;
    }
    return then(me);
  };
}

/** Takes the claim from its claimer first, who could otherwise free the lock while it gets its name back. */
function takeClaim(next: string, otherwise: (me: Process) => undefined): Step {
  return ({ world, me }) => {
    const nonce = drawNonce(world);
    if (rename(viewed(world, me), me.name, nonce) < 0) return otherwise(me);
    me.name = nonce;
    return go(me, next);
  };
}

/** Then gives the name back by link(2), and unlink(2). */
function giveName(next: string, otherwise: (me: Process) => undefined): Step {
  return ({ world, me }) => {
    const view = viewed(world, me);
    if (view.owner >= 0 || nameOf(view, me.seen, me.name) === null) return otherwise(me);
    view.owner = me.seen;
    view.aged = false;
    return go(me, next);
  };
}

/** Call this where a process takes an owner.json out of its directory because it judged the owner dead. */
function takeFrom(turn: Turn, directory: Directory): void {
  faultIfAlive(turn, directory.owner);
}

function faultIfAlive(turn: Turn, number: number): void {
  const file = turn.world.files[number];
  const owner = file === undefined ? undefined : turn.world.processes[file.by];
  if (owner?.alive === true && (file?.witness ?? -1) >= 0) turn.fault('the lock of a live owner was removed');
  if (owner?.alive === true && isInside(owner)) turn.fault('the lock of a live owner was removed');
}

/** Removes the directory at `name` with everything in it. */
function removeTree(turn: Turn, name: Name, directory: Directory): void {
  takeFrom(turn, directory);
  if (directory.alien) turn.fault("somebody's file was deleted");
  Object.assign(directory, { owner: -1, fresh: -1, claimed: [], retired: [], alien: false, linked: false });
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
