import fc from 'fast-check';
import { traitsOf } from '../../src/backend/filesystem-traits.js';
import type { Namesake, Namesakes } from '../../src/identity/namesakes.js';
import type { ObservedProcess } from '../../src/identity/observe-process.js';
import type { ProcessIdentity } from '../../src/identity/process-identity.js';
import type { Observation } from '../../src/judge/observation.js';
import type { OwnerRecord } from '../../src/record/owner-record.js';
import { observation, record } from './builders.js';

/**
 * A small world: machines, PID namespaces and processes as the kernel would have them, an owner that recorded
 * everything that it could know about itself, and an observer that sees what it can see. Numbers come from
 * tiny ranges, so that they collide: pids, ticks and, between machines or once recycled, namespaces and
 * inodes.
 */
export interface World {
  /** The place of the owner, relative to the observer. */
  readonly place: Place;
  readonly fate: Fate;
  readonly pid: number;
  readonly ticks: number;
  readonly owner: Abilities;
  readonly observer: Abilities & {
    readonly pid: number;
    readonly pidfd: boolean;
    readonly proc: 'own' | 'hidepid' | 'foreign' | 'none';
    readonly initialNamespace: boolean;
    /** The observer may read another user's /proc/<pid>/ns/pid. */
    readonly seesNamespaces: boolean;
    readonly testsWitness: boolean;
    readonly testsLifeline: boolean;
  };
  /** The filesystem as recorded by the owner and as seen by the observer; null when it is not known. */
  readonly filesystems: readonly [string | null, string | null];
  readonly witnessRecorded: boolean;
  readonly lifelineRecorded: boolean;
  /** The lock carries a lifeline of its own, and the observer saw it held before. */
  readonly lockLifeline: { readonly recorded: boolean; readonly seenHeld: boolean };
  readonly leaseRecorded: boolean;
  /** The lock is one that a command was to inherit; none has, in these worlds. */
  readonly handedOver: boolean;
  readonly pidfdHeld: boolean;
  readonly others: readonly Other[];
}

type Place = 'same namespace' | 'descendant' | 'sibling' | 'ancestor' | 'other machine';

/**
 * `rebooted`: the machine has started anew. `recycled`: its namespace is gone, and the observer's has its
 * number.
 */
type Fate = 'alive' | 'zombie' | 'gone' | 'rebooted' | 'recycled';

/** What a process can find out about itself. */
interface Abilities {
  readonly bootId:
    | 'native'
    | 'native, not known to be'
    | 'mounted over'
    | 'mounted over, as elsewhere'
    | 'unknown';
  readonly ticks: boolean;
  /** Its time namespace is shifted by no whole tick, so ticks may be one too many. */
  readonly ticksOff: 0 | 1;
  readonly shifted: boolean;
  readonly pidfdInode: boolean;
  readonly namespaceInode: boolean;
  readonly namespaceId: boolean;
}

/** Some other process on the observer's machine. */
interface Other {
  readonly namespace: 'observer' | 'descendant of observer' | 'owner' | 'third';
  readonly pid: number;
  /** Its number in the namespace between the observer's and its own. */
  readonly middlePid: number;
  readonly ticks: number;
  readonly exited: boolean;
  readonly thread: boolean;
}

interface Namespace {
  readonly inode: string;
  readonly id: string;
}

const INITIAL: Namespace = { inode: '4026531836', id: '1' };
const DESCENDANT: Namespace = { inode: '4026532100', id: '100' };
const FOURTH: Namespace = { inode: '4026532400', id: '400' };
const BOOT_IDS = {
  here: '11111111-1111-4111-8111-111111111111',
  elsewhere: '22222222-2222-4222-8222-222222222222',
  before: '33333333-3333-4333-8333-333333333333',
  /** This id is part of an image, so containers made of the image show the same id on any machine. */
  ofImage: '44444444-4444-4444-8444-444444444444',
};

const mostly = fc.integer({ min: 0, max: 9 }).map((n) => n > 0);
const rarely = mostly.map((yes) => !yes);

const abilities = {
  bootId: fc.constantFrom<Abilities['bootId'][]>(
    'native',
    'native',
    'native, not known to be',
    'mounted over',
    'mounted over, as elsewhere',
    'unknown',
  ),
  ticks: fc.boolean(),
  ticksOff: fc.constantFrom<(0 | 1)[]>(0, 1),
  shifted: fc.boolean(),
  pidfdInode: fc.boolean(),
  namespaceInode: mostly,
  namespaceId: fc.boolean(),
};
const smallPid = fc.integer({ min: 1, max: 3 });
const smallTicks = fc.integer({ min: 10, max: 13 });

/**
 * Filesystems of one machine: recorded and seen by the same kernel. A network filesystem can be among them.
 */
const ONE_MACHINE = [
  ['ext', 'ext'],
  ['ext', 'ext'],
  ['tmpfs', 'tmpfs'],
  ['overlay', 'overlay'],
  ['overlay', 'ext'],
  ['nfs', 'nfs'],
  [null, 'ext'],
  ['ext', null],
  [null, null],
] as const;

/**
 * Filesystems of two running machines: at least one of the two sees that it is no filesystem of one kernel.
 */
const TWO_MACHINES = [
  ['nfs', 'nfs'],
  ['ext', 'virtiofs'],
  ['9p', 'ext'],
  ['tmpfs', 'nfs'],
  [null, 'ext'],
  ['ext', null],
  [null, null],
] as const;

/** Worlds whose owner met one of these fates. */
export function worlds(...fates: readonly Fate[]): fc.Arbitrary<World> {
  return fc
    .record({
      place: fc.constantFrom<Place[]>('same namespace', 'descendant', 'sibling', 'ancestor', 'other machine'),
      fate: fc.constantFrom(...fates),
    })
    .chain(({ place, fate }) =>
      fc.record({
        place: fc.constant(place),
        fate: fc.constant(fate),
        pid: smallPid,
        ticks: smallTicks,
        owner: fc.record(abilities),
        observer: fc.record({
          ...abilities,
          pid: smallPid,
          pidfd: fc.boolean(),
          proc: fc.constantFrom(
            'own' as const,
            'own' as const,
            'hidepid' as const,
            'foreign' as const,
            'none' as const,
          ),
          initialNamespace: place === 'sibling' || place === 'ancestor' ? fc.constant(false) : fc.boolean(),
          seesNamespaces: fc.boolean(),
          testsWitness: fc.boolean(),
          testsLifeline: fc.boolean(),
        }),
        filesystems: fc.constantFrom(...(place === 'other machine' ? TWO_MACHINES : ONE_MACHINE)),
        witnessRecorded: fc.boolean(),
        lifelineRecorded: fc.boolean(),
        lockLifeline: fc.record({ recorded: fc.boolean(), seenHeld: fc.boolean() }),
        leaseRecorded: fc.boolean(),
        handedOver: rarely,
        pidfdHeld: rarely,
        others: fc.array(
          fc.record({
            namespace: fc.constantFrom<Other['namespace'][]>(
              'observer',
              'descendant of observer',
              'owner',
              'third',
            ),
            pid: smallPid,
            middlePid: smallPid,
            ticks: smallTicks,
            exited: fc.boolean(),
            thread: fc.boolean(),
          }),
          { maxLength: 4 },
        ),
      }),
    );
}

/** Both know everything about themselves and see the whole of their own /proc, and nothing is shifted. */
export function withEverythingKnown(world: World): World {
  const all = {
    bootId: 'native',
    ticks: true,
    ticksOff: 0,
    shifted: false,
    pidfdInode: true,
    namespaceInode: true,
    namespaceId: true,
  } as const;
  return {
    ...world,
    owner: all,
    observer: { ...world.observer, ...all, pidfd: true, proc: 'own', seesNamespaces: true },
  };
}

export interface Seen {
  readonly record: OwnerRecord;
  readonly observation: Observation;
}

/** Derives from the world alone what the owner recorded and what the observer would see. */
export function observe(world: World): Seen {
  const { place, fate, owner, observer } = world;
  const hereNamespace = observer.initialNamespace ? INITIAL : { inode: '4026532200', id: '200' };
  const ownerNamespace = namespaceOfOwner(world, hereNamespace);
  const running = fate === 'alive' || fate === 'zombie';
  const onThisMachine = place !== 'other machine';

  const recorded = asKnown(owner, {
    pid: world.pid,
    ticks: world.ticks,
    kernel: fate === 'rebooted' ? 'before' : onThisMachine ? 'here' : 'elsewhere',
    namespace: ownerNamespace,
    // Another machine or boot counts anew, so its inodes may be those of processes here.
    inode: onThisMachine && fate !== 'rebooted' ? 'owner' : 'other 0',
  });
  const ownerHere: Process | null =
    onThisMachine && running
      ? {
          pid: world.pid,
          middlePid: world.pid,
          ticks: world.ticks,
          namespace: ownerNamespace,
          inode: 'owner',
          exited: fate === 'zombie',
          thread: false,
          inside: place === 'descendant',
        }
      : null;
  const processes = inhabitants(world, hereNamespace, ownerNamespace, ownerHere);
  const self = processes[0] as Process;

  const witness = world.witnessRecorded ? { device: '1', fsid: null, inode: '2', directory: null } : null;
  const [filesystemRecorded, filesystemSeen] = world.filesystems;
  return {
    record: record(
      { ...recorded, lifeline: world.lifelineRecorded ? 'time:1' : null },
      {
        filesystem: filesystemRecorded,
        lifeline: world.lockLifeline.recorded ? 'time:2' : null,
        witness,
        lease: world.leaseRecorded ? { durationMs: 30_000 } : null,
        handedOver: world.handedOver,
      },
    ),
    observation: observation({
      self: asKnown(observer, { ...self, kernel: 'here' }),
      heldPidfd: world.pidfdHeld && ownerHere !== null ? (ownerHere.exited ? 'exited' : 'running') : 'none',
      filesystem: filesystemSeen,
      observedProcess: sight(world, hereNamespace, processes),
      witness: testWitness(world),
      lifeline: testLifeline(world),
      lockLifeline: testLockLifeline(world),
      namesakes: lookForNamesakes(world, processes),
    }),
  };
}

/** A process on the observer's machine, as the kernel knows it. */
interface Process {
  readonly pid: number;
  readonly middlePid: number;
  readonly ticks: number;
  readonly namespace: Namespace;
  /** Stands for the inode of its pidfd. */
  readonly inode: string;
  readonly exited: boolean;
  readonly thread: boolean;
  /** The process is in a descendant of the observer's namespace. */
  readonly inside: boolean;
}

function namespaceOfOwner({ place, fate, observer }: World, here: Namespace): Namespace {
  if (fate === 'recycled') return { inode: here.inode, id: '77' };
  // Another machine, or the same one before its reboot, gave out its numbers independently.
  if (place === 'same namespace' || place === 'other machine') return here;
  if (place === 'descendant') return DESCENDANT;
  return place === 'ancestor' && !observer.initialNamespace ? INITIAL : { inode: '4026532300', id: '300' };
}

/** Lists the observer first, then all others. A namespace gives each number to one process at a time. */
function inhabitants(
  world: World,
  here: Namespace,
  ofOwner: Namespace,
  ownerHere: Process | null,
): readonly Process[] {
  const { observer } = world;
  const taken = new Set<string>();
  const processes: Process[] = [];
  function add(process: Process): void {
    const key = `${process.namespace.inode} ${process.pid}`;
    if (taken.has(key)) return;
    taken.add(key);
    processes.push(process);
  }
  const sameNumberTaken = ownerHere?.namespace === here && ownerHere.pid === observer.pid;
  add({
    pid: sameNumberTaken ? observer.pid + 10 : observer.pid,
    middlePid: 0,
    ticks: 12,
    namespace: here,
    inode: 'observer',
    exited: false,
    thread: false,
    inside: false,
  });
  if (ownerHere !== null) add(ownerHere);
  // The owner's namespace is still there when only the owner is gone.
  const ownersNamespaceLives =
    world.place !== 'other machine' && !['rebooted', 'recycled'].includes(world.fate);
  for (const [index, other] of world.others.entries()) {
    const place = {
      observer: { namespace: here, inside: false },
      'descendant of observer': { namespace: DESCENDANT, inside: true },
      owner: ownersNamespaceLives ? { namespace: ofOwner, inside: world.place === 'descendant' } : null,
      third: { namespace: FOURTH, inside: true },
    }[other.namespace];
    if (place !== null) add({ ...other, ...place, inode: `other ${index}` });
  }
  return processes;
}

/** The identity of a process as an observer with these abilities reads it. */
function asKnown(
  abilities: Abilities,
  process: Pick<Process, 'pid' | 'ticks' | 'namespace' | 'inode'> & {
    readonly kernel: 'here' | 'elsewhere' | 'before';
  },
): ProcessIdentity {
  const { namespace } = process;
  return {
    version: 1,
    platform: 'linux',
    pid: process.pid,
    startTicks: abilities.ticks ? String(process.ticks + (abilities.shifted ? abilities.ticksOff : 0)) : null,
    startTolerance: abilities.ticks && abilities.shifted ? 1 : 0,
    ...bootIdAsKnown(abilities, process.kernel),
    pidNamespace: {
      inode: abilities.namespaceInode ? namespace.inode : null,
      id: abilities.namespaceInode && abilities.namespaceId ? namespace.id : null,
    },
    pidfdInode: abilities.pidfdInode ? process.inode : null,
    lifeline: null,
    hostname: null,
    containerId: null,
  };
}

function bootIdAsKnown({ bootId }: Abilities, kernel: 'here' | 'elsewhere' | 'before') {
  switch (bootId) {
    case 'native':
      return { bootId: BOOT_IDS[kernel], bootIdNative: true };
    case 'native, not known to be':
      return { bootId: BOOT_IDS[kernel], bootIdNative: null };
    case 'mounted over':
      return { bootId: BOOT_IDS.ofImage, bootIdNative: false };
    case 'mounted over, as elsewhere':
      return { bootId: BOOT_IDS.here, bootIdNative: false };
    case 'unknown':
      return { bootId: null, bootIdNative: null };
  }
}

/** What src/identity/observe-process.ts would find at the recorded number. */
function sight({ pid, observer }: World, here: Namespace, processes: readonly Process[]): ObservedProcess {
  const nothing = { identity: null, exited: null, ticksAsRead: null };
  const process = processes.find((candidate) => candidate.namespace === here && candidate.pid === pid);
  const readsProc = observer.proc === 'own';
  if (process === undefined) return { existence: 'absent', source: 'ESRCH', ...nothing };
  if (!observer.pidfd && !readsProc) return { existence: 'unknown', source: 'EPERM', ...nothing };
  if (process.thread) return { existence: 'thread', source: 'ENOENT', ...nothing };
  const abilities = {
    ...observer,
    ticks: observer.ticks && readsProc,
    pidfdInode: observer.pidfd && observer.pidfdInode,
  };
  return {
    existence: 'present',
    source: 'ok',
    identity: asKnown(abilities, { ...process, kernel: 'here' }),
    exited: process.exited,
    ticksAsRead: null,
  };
}

/** What src/identity/namesakes.ts would find. */
function lookForNamesakes({ pid, observer }: World, processes: readonly Process[]): Namesakes {
  if (observer.proc === 'none' || observer.proc === 'foreign')
    return { found: [], complete: false, hidden: false };
  const found: Namesake[] = [];
  for (const process of processes) {
    // hidepid shows some processes and hides others.
    if (!process.inside || process.thread || (observer.proc === 'hidepid' && process.ticks % 2 === 0))
      continue;
    for (const innermost of [false, true]) {
      if ((innermost ? process.pid : process.middlePid) !== pid) continue;
      const namespaceInode = observer.namespaceInode && observer.seesNamespaces && innermost;
      const abilities = { ...observer, namespaceInode, pidfdInode: observer.pidfd && observer.pidfdInode };
      found.push({
        pid: 1000 + process.pid,
        innermost,
        identity: asKnown(abilities, { ...process, pid, kernel: 'here' }),
        exited: process.exited,
        ticksAsRead: null,
      });
    }
  }
  return {
    found,
    complete: observer.initialNamespace && observer.proc === 'own',
    hidden: observer.initialNamespace && observer.proc === 'hidepid',
  };
}

/** An honest lifeline is held exactly as long as the owner lives, and is seen by its own kernel alone. */
function testLifeline({ lifelineRecorded, observer, place, fate }: World): Observation['lifeline'] {
  if (!lifelineRecorded || !observer.testsLifeline) return { state: 'untestable', source: 'not testable' };
  return { state: fate === 'alive' && place !== 'other machine' ? 'held' : 'free', source: '' };
}

/** It is like the lifeline of the process, and only on its own kernel can it have been seen held before. */
function testLockLifeline(world: World): Observation['lockLifeline'] {
  const { recorded, seenHeld } = world.lockLifeline;
  const tested = testLifeline({ ...world, lifelineRecorded: recorded });
  const wasHere = world.place !== 'other machine' && world.fate !== 'rebooted';
  return { ...tested, wasSeenHeld: seenHeld && wasHere && world.observer.testsLifeline };
}

/** An honest witness is held exactly as long as the owner lives. */
function testWitness(world: World): Observation['witness'] {
  const [recorded, seen] = world.filesystems;
  const testable =
    world.witnessRecorded &&
    world.observer.testsWitness &&
    world.place !== 'other machine' &&
    recorded === seen &&
    traitsOf(seen).testableWitness;
  if (!testable) return { state: 'untestable', file: 'recorded', source: 'no' };
  return { state: world.fate === 'alive' ? 'held' : 'free', file: 'recorded', source: 'yes' };
}
