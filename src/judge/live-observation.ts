import { fstatSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FileStatus } from '../backend/backend.js';
import { traitsOf } from '../backend/filesystem-traits.js';
import { typeOfFile } from '../backend/fuse-type.js';
import { readFilesystem } from '../backend/procfs/filesystem.js';
import { isShortage, isSystemError, notKnown, reasonOf, unlessShort } from '../backend/system-error.js';
import { compareIdentities } from '../identity/compare.js';
import { formatIdentity } from '../identity/format.js';
import { findNamesakes, type Namesakes } from '../identity/namesakes.js';
import { type ObservedProcess, observeProcess, unclear } from '../identity/observe-process.js';
import { type Clocks, type Observer, readClocks, readObserver } from '../identity/observer.js';
import type { ProcessIdentity } from '../identity/process-identity.js';
import { isSurelySelf, ownIdentity, readSelf } from '../identity/read.js';
import { type StartTicks, startTicksIn } from '../identity/start-ticks.js';
import type { RecordSite } from '../record/owner-file.js';
import type { OwnerRecord } from '../record/owner-record.js';
import { type HeldLock, heldLockOf, isGivenUpLock, isHeldLock, isKnownNonce } from './held-locks.js';
import { type LockFileSurroundings, lockFileOf, NO_FILE, whyNotRecorded } from './lock-file.js';
import type {
  LifelineObservation,
  LockLifelineObservation,
  Observation,
  WitnessObservation,
} from './observation.js';
import { rememberHeld, wasHeld } from './seen-held.js';
import { observeStranger } from './strangers/live-observation.js';
import type { StrangerObservation } from './strangers/observation.js';

const PLATFORM = process.platform;

const WITHOUT_FILE: WitnessObservation = { state: 'untestable', file: 'unclear', source: NO_FILE };

/** What a watch has seen happen, so that the judge does not read it again. */
export interface Seen {
  /** The process whose pidfd the watch holds. */
  readonly heldPidfd?: 'exited';
  /** The witness on the very file that the record was read from. */
  readonly witness?: 'free';
  /** The filesystem on which the record was read while its owner lived: its file may be gone since. */
  readonly filesystem?: string;
}

/** Reads each value from the kernel when a table first asks for it. */
export class LiveObservation implements Observation, LockFileSurroundings {
  readonly platform = PLATFORM;
  readonly heldPidfd: Observation['heldPidfd'];
  readonly #observer: Observer;
  readonly #record: OwnerRecord;
  readonly #site: RecordSite;
  readonly #path: string | URL | undefined;
  readonly #seenOn: string | null;
  #filesystem: string | null | undefined;
  #observedProcess: ObservedProcess | undefined;
  #ticksInOwnTime: StartTicks | null | undefined;
  #witness: WitnessObservation | undefined;
  #lifeline: LifelineObservation | undefined;
  #lockLifeline: LockLifelineObservation | undefined;
  #namesakes: Namesakes | undefined;
  #clocks: Clocks | undefined;
  #stranger: StrangerObservation | undefined;

  /** @param path the file in which a record stands that is in no owner.json. */
  constructor(observer: Observer, record: OwnerRecord, site: RecordSite, seen: Seen, path?: string | URL) {
    this.#observer = observer;
    this.#record = record;
    this.#site = site;
    this.#path = path;
    this.#seenOn = seen.filesystem ?? null;
    this.heldPidfd = seen.heldPidfd ?? 'none';
    if (seen.witness !== undefined) {
      this.#witness = { state: seen.witness, file: 'recorded', source: 'watched until then' };
    }
  }

  get self(): ProcessIdentity {
    return ownIdentity();
  }

  get filesystem(): string | null {
    if (this.#filesystem === undefined) this.#filesystem = this.#readFilesystem();
    return this.#filesystem;
  }

  #readFilesystem(): string | null {
    const { owner } = this.#site;
    if (owner !== null) return typeOfFile(owner);
    return this.#path === undefined ? this.#seenOn : typeAt(this.#path);
  }

  get isNonceOfThisThread(): boolean {
    const { nonce } = this.#record;
    return nonce !== null && isKnownNonce(nonce);
  }

  get heldByThisProcess(): boolean {
    if (!this.#isOwnRecordOf(isHeldLock)) return false;
    // A copy of the lock has the same nonce.
    const file = this.#lockFile();
    return file !== 'copied' && file !== 'reattached' && !this.copyOfOwnLock;
  }

  get copyOfOwnLock(): boolean {
    const { nonce, filesystem, witness } = this.#record;
    const held = nonce === null || witness !== null ? null : heldLockOf(nonce);
    const { owner } = this.#site;
    if (held === null || owner === null || filesystem !== typeOfFile(owner)) return false;
    return traitsOf(filesystem).stableInodes && isCopy(owner.status, this.statDirectory(), held);
  }

  get givenUpByThisProcess(): boolean {
    return this.#isOwnRecordOf(isGivenUpLock);
  }

  /** @param isOne whether this thread knows the nonce in the way that is asked for. */
  #isOwnRecordOf(isOne: (nonce: string) => boolean): boolean {
    const { nonce, identity, handedOver } = this.#record;
    if (nonce === null || identity === null || !isOne(nonce)) return false;
    // A lock that was handed over names the process that acquired it, also when this one has adopted it.
    if (handedOver) return true;
    // In doubt the other rows decide.
    return unlessShort(
      () => isSurelySelf(identity) || isStillSelf(identity, readSelf(readObserver())),
      () => false,
    );
  }

  get observedProcess(): ObservedProcess {
    this.#observedProcess ??= this.#observeProcess();
    return this.#observedProcess;
  }

  #observeProcess(): ObservedProcess {
    const needTicks = (this.#record.identity?.pidfdInode ?? null) === null;
    try {
      return observeProcess(this.#observer, this.#record.pid ?? 0, needTicks);
    } catch (error) {
      if (!isShortage(error)) throw error;
      return unclear(reasonOf(error));
    }
  }

  get ticksInOwnTime(): StartTicks | null {
    if (this.#ticksInOwnTime === undefined) this.#ticksInOwnTime = this.#readTicksInOwnTime();
    return this.#ticksInOwnTime;
  }

  #readTicksInOwnTime(): StartTicks | null {
    const { pid } = this.#record;
    const { identity, ticksAsRead } = this.observedProcess;
    const { processes } = this.#observer.backend;
    if (pid === null || ticksAsRead === null) return null;
    if (pid === this.#observer.pid) return { ticks: ticksAsRead, tolerance: 0 };
    if (identity === null || identity.startTicks === null) return null;
    const offset = unlessShort(
      () => processes.timeOffset(pid),
      () => null,
    );
    if (offset === null) return null;
    return startTicksIn(offset, { ticks: Number(identity.startTicks), tolerance: identity.startTolerance });
  }

  get witness(): WitnessObservation {
    this.#witness ??= this.#testWitness();
    return this.#witness;
  }

  get lifeline(): LifelineObservation {
    this.#lifeline ??= this.#testLifeline(this.#record.identity?.lifeline ?? null);
    return this.#lifeline;
  }

  get lockLifeline(): LockLifelineObservation {
    this.#lockLifeline ??= this.#testLockLifeline();
    return this.#lockLifeline;
  }

  #testLockLifeline(): LockLifelineObservation {
    const { nonce, lifeline } = this.#record;
    const tested = this.#testLifeline(lifeline);
    const wasSeenHeld = nonce !== null && wasHeld(nonce, lifeline);
    if (nonce !== null && lifeline !== null && tested.state === 'held') rememberHeld(nonce, lifeline);
    return { ...tested, wasSeenHeld };
  }

  #testLifeline(lifeline: string | null): LifelineObservation {
    const { backend } = this.#observer;
    const state = lifeline === null ? 'untestable' : backend.lifeline.test(lifeline);
    if (state !== 'untestable') return { state, source: '' };
    const { available, reason } = backend.capabilities().lifeline;
    return { state, source: available ? 'its byte cannot be seen from here' : reason };
  }

  get namesakes(): Namesakes {
    this.#namesakes ??= this.#findNamesakes();
    return this.#namesakes;
  }

  #findNamesakes(): Namesakes {
    const namesakes = findNamesakes(this.#observer, this.#record.pid ?? 0);
    // hidepid hides no process from its own user. The writer of a file of this user is taken to be one of
    // this user's processes too, so it is not hidden.
    return namesakes.hidden && this.#isOwnFile() ? { ...namesakes, hidden: false } : namesakes;
  }

  #isOwnFile(): boolean {
    const { owner } = this.#site;
    if (owner === null) return false;
    try {
      return fstatSync(owner.descriptor).uid === process.geteuid?.();
    } catch (error) {
      // EBADF: fs.fstatSync of Deno does not know the descriptors of the addon.
      notKnown(error);
      return false;
    }
  }

  get stranger(): StrangerObservation {
    this.#stranger ??= observeStranger(this.#observer, this.#record.pid ?? 0, this.#site, this);
    return this.#stranger;
  }

  get nowMs(): number {
    return this.#readClocks().nowMs;
  }

  get bootTimeMs(): number | null {
    return this.#readClocks().bootTimeMs;
  }

  get clockGainMs(): number {
    return this.#readClocks().clockGainMs;
  }

  #readClocks(): Clocks {
    this.#clocks ??= readClocks();
    return this.#clocks;
  }

  #testWitness(): WitnessObservation {
    const { owner } = this.#site;
    if (owner === null) return WITHOUT_FILE;
    const file = this.#lockFile();
    if (file === 'no-test') {
      return { state: 'untestable', file: 'unclear', source: whyNotRecorded(this.#record, owner, this) };
    }
    const { name, witness } = this.#observer.backend;
    const { type } = owner.filesystem;
    const state = witness.test(owner.descriptor, type);
    if (state === 'untestable') return { state, file, source: `the ${name} backend cannot test it here` };
    const { device, inode } = owner.status;
    const isRecorded = file === 'recorded';
    const source = isRecorded
      ? `device ${device}, inode ${inode}`
      : whyNotRecorded(this.#record, owner, this);
    return { state, file, source };
  }

  #lockFile(): ReturnType<typeof lockFileOf> {
    return lockFileOf(this.#record, this.#site.owner, this);
  }

  get hostname(): string | null {
    return this.self.hostname;
  }

  statDirectory(): FileStatus | null {
    const { directory } = this.#site;
    return directory === null ? null : this.#observer.backend.files.statDescriptor(directory);
  }
}

/**
 * True when both the file and its directory are others than those of the lock, on the same device. Where only
 * one of them differs, somebody has replaced owner.json in the lock, or made a hard link to it.
 */
function isCopy(file: FileStatus, directory: FileStatus | null, held: HeldLock): boolean {
  if (directory === null) return false;
  const devices = new Set([file.device, directory.device, held.file.device, held.directory.device]);
  return devices.size === 1 && file.inode !== held.file.inode && directory.inode !== held.directory.inode;
}

/**
 * True when this process still has the recorded identity. Where too little is known to compare the two, such
 * as no boot id, all fields must be equal.
 */
function isStillSelf(recorded: ProcessIdentity, now: ProcessIdentity): boolean {
  const comparison = compareIdentities(recorded, now);
  return comparison === 'unknown' ? factsOf(recorded) === factsOf(now) : comparison === 'same';
}

/**
 * The fields of an identity that count as evidence, as text. Host name and container id are left out, because
 * they may change: a laptop takes its host name from the network it is in.
 */
function factsOf(identity: ProcessIdentity): string {
  return formatIdentity({ ...identity, hostname: null, containerId: null });
}

/** The type of the filesystem that the file is on. null when the file is missing or may not be read. */
function typeAt(path: string | URL): string | null {
  try {
    return readFilesystem(path instanceof URL ? fileURLToPath(path) : path).type;
  } catch (error) {
    if (isSystemError(error)) return null;
    throw error;
  }
}
