import { fstatSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isOneKernelFilesystem, traitsOf } from '../backend/filesystem-traits.js';
import { readFilesystem } from '../backend/procfs/filesystem.js';
import { isShortage, isSystemError, reasonOf, unlessShort } from '../backend/system-error.js';
import { compareIdentities } from '../identity/compare.js';
import { formatIdentity } from '../identity/format.js';
import { findNamesakes, type Namesakes } from '../identity/namesakes.js';
import { type ObservedProcess, observeProcess, unclear } from '../identity/observe-process.js';
import { type Clocks, type Observer, readClocks, readObserver } from '../identity/observer.js';
import type { ProcessIdentity } from '../identity/process-identity.js';
import { ownIdentity, readSelf } from '../identity/read.js';
import { type StartTicks, startTicksIn } from '../identity/start-ticks.js';
import type { OwnerFile } from '../record/owner-file.js';
import type { OwnerRecord } from '../record/owner-record.js';
import { isGivenUpLock, isHeldLock } from './held-locks.js';
import type { LifelineObservation, Observation, WitnessObservation } from './observation.js';

const PLATFORM = process.platform;

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
export class LiveObservation implements Observation {
  readonly platform = PLATFORM;
  readonly heldPidfd: Observation['heldPidfd'];
  readonly #observer: Observer;
  readonly #record: OwnerRecord;
  readonly #file: OwnerFile | null;
  readonly #path: string | URL | undefined;
  readonly #seenOn: string | null;
  #filesystem: string | null | undefined;
  #observedProcess: ObservedProcess | undefined;
  #witness: WitnessObservation | undefined;
  #lifeline: LifelineObservation | undefined;
  #namesakes: Namesakes | undefined;
  #clocks: Clocks | undefined;

  /** @param path the file in which a record stands that is in no owner.json. */
  constructor(
    observer: Observer,
    record: OwnerRecord,
    file: OwnerFile | null,
    seen: Seen,
    path?: string | URL,
  ) {
    this.#observer = observer;
    this.#record = record;
    this.#file = file;
    this.#path = path;
    this.#seenOn = seen.filesystem ?? null;
    this.heldPidfd = seen.heldPidfd ?? 'none';
    if (seen.witness !== undefined) this.#witness = { state: seen.witness, source: 'watched until then' };
  }

  get self(): ProcessIdentity {
    return ownIdentity();
  }

  get filesystem(): string | null {
    if (this.#file !== null) return this.#file.filesystem.type;
    if (this.#path === undefined) return this.#seenOn;
    if (this.#filesystem === undefined) this.#filesystem = typeAt(this.#path);
    return this.#filesystem;
  }

  get heldByThisProcess(): boolean {
    return this.#isOwnRecordOf(isHeldLock);
  }

  get givenUpByThisProcess(): boolean {
    return this.#isOwnRecordOf(isGivenUpLock);
  }

  /** @param isOne whether this thread knows the nonce in the way that is asked for. */
  #isOwnRecordOf(isOne: (nonce: string) => boolean): boolean {
    const { nonce, identity } = this.#record;
    if (nonce === null || identity === null || !isOne(nonce)) return false;
    // In doubt the other rows decide.
    return unlessShort(
      () => isStillSelf(identity, readSelf(readObserver())),
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
    this.#lifeline ??= this.#testLifeline();
    return this.#lifeline;
  }

  #testLifeline(): LifelineObservation {
    const lifeline = this.#record.identity?.lifeline ?? null;
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
    return this.#file !== null && fstatSync(this.#file.descriptor).uid === process.geteuid?.();
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
    const file = this.#file;
    const { witness: recorded, identity } = this.#record;
    if (file === null) return { state: 'untestable', source: 'no file to test' };
    // A record without an identity names no witness. Its writer may have locked its file in a way of its own.
    const isLegacy = recorded === null && identity === null;
    const obstacle = isLegacy ? whyUntestable(file) : whyNotTheSameFile(this.#record, file);
    if (obstacle !== null) return { state: 'untestable', source: obstacle };
    const { witness } = this.#observer.backend;
    const { type } = file.filesystem;
    const state = isLegacy ? witness.testAnyLock(file.descriptor, type) : witness.test(file.descriptor, type);
    const { device, inode } = file.status;
    const source =
      state === 'untestable'
        ? `the ${this.#observer.backend.name} backend cannot test it here`
        : `device ${device}, inode ${inode}`;
    return { state, source };
  }
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

function whyUntestable({ filesystem: { type } }: OwnerFile): string | null {
  return isOneKernelFilesystem(type) ? null : `${type} is not known to belong to one kernel`;
}

/**
 * Why the witness of a record cannot be tested on `file`. null when it can. A lock call is made only on a
 * filesystem of one kernel, because elsewhere it can hang, and its answer counts only for the very file that
 * the owner locked.
 */
export function whyNotTheSameFile(
  { witness: recorded, filesystem: recordedFilesystem }: OwnerRecord,
  file: OwnerFile,
): string | null {
  if (recorded === null) return 'no witness recorded';
  const { type, fsid } = file.filesystem;
  const obstacle = whyUntestable(file);
  if (obstacle !== null) return obstacle;
  if (recordedFilesystem !== type) {
    return `recorded on ${recordedFilesystem ?? 'an unknown filesystem'}, seen on ${type}`;
  }
  if (recorded.inode !== file.status.inode) return `inode ${file.status.inode} is another file`;
  if (recorded.device === file.status.device) return null;
  // Where the f_fsid is passed on from a layer below, two filesystems can have the same.
  if (traitsOf(type).ownFsid && fsid !== null && recorded.fsid === fsid) return null;
  return `device ${file.status.device} and filesystem id ${fsid ?? 'not known'} are of another filesystem`;
}
