/**
 * `kernel-identity/testing`: owners that do not exist, for tests of programs that use this package. Such an owner is
 * alive, dead or unknown as the test says, without a process and without a mock of node:fs. All else is real: its lock is
 * a directory on disk, the decision table judges it, and waiters are woken.
 *
 * Only a program that imports this module can have one, and only in its own process. Never import it in production.
 */
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { requirePid } from './backend/arguments.js';
import { shownName, unknownKey, withCode } from './errors.js';
import { dumpDiagnostics, type Lock, type ProcessIdentity, probeIdentity } from './index.js';
import { FAKES, type FakeState } from './judge/fakes.js';
import { type OptionNames, requireOptions } from './known-options.js';
import { formatOwnerRecord } from './record/format.js';
import { OWNER_FILE } from './record/owner-file.js';
import { parseOwnerFile } from './record/parse.js';

export type { FakeState } from './judge/fakes.js';

export interface FakeOwnerOptions {
  /** Path of the lock that it holds: a directory that is made. Its parent must exist. Default: it holds none. */
  readonly lock?: string | undefined;
  /** Default `alive`. */
  readonly state?: FakeState | undefined;
  /** Default 4242. */
  readonly pid?: number | undefined;
  /** Default `elsewhere`. */
  readonly hostname?: string | undefined;
  /** Default none. */
  readonly containerId?: string | undefined;
  /** The label of the lock. Default none. */
  readonly label?: string | undefined;
}

const OPTIONS = {
  lock: true,
  state: true,
  pid: true,
  hostname: true,
  containerId: true,
  label: true,
} satisfies OptionNames<FakeOwnerOptions>;

const STATES: readonly unknown[] = ['alive', 'dead', 'unknown'] satisfies FakeState[];

type Global = { [FAKES]?: Map<string, FakeState> };

/** An owner that does not exist. Call close() when done, or declare it with `using`. */
export class FakeOwner {
  /** For `judgeOwner`, `watchOwner`, and rows of a database. */
  readonly identity: ProcessIdentity;
  readonly #lock: string | null;
  readonly #nonce: string;
  readonly #key: string;

  /** @internal */
  constructor({ lock, state = 'alive', pid = 4242, hostname = 'elsewhere', ...rest }: FakeOwnerOptions) {
    refuseInProduction();
    requireState(state);
    requirePid(pid);
    const own = probeIdentity(process.pid) as ProcessIdentity;
    this.#key = String(randomInt(2 ** 47));
    this.#nonce = randomBytes(16).toString('hex');
    this.#lock = lock ?? null;
    this.identity = Object.freeze({
      ...own,
      pid,
      hostname,
      containerId: rest.containerId ?? null,
      startTicks: '1',
      // A boot that never was: a process without the fake finds the owner of a lock that was left behind to be dead.
      bootId: randomUUID(),
      bootIdNative: true,
      pidNamespace: Object.freeze({ inode: '1', id: null }),
      pidfdInode: this.#key,
      lifeline: null,
    });
    if (this.#lock !== null) this.#makeLock(this.#lock, rest.label);
    this.#set(state);
  }

  get state(): FakeState {
    return (globalThis as Global)[FAKES]?.get(this.#key) ?? 'dead';
  }

  /**
   * Changes what the kernel seems to say of it, and wakes those that wait for its lock.
   * @throws TypeError (ERR_INVALID_ARG_VALUE) for another state.
   */
  become(state: FakeState): void {
    requireState(state);
    this.#set(state);
    if (this.#holds()) closeSync(openSync(join(this.#lock as string, OWNER_FILE), 'r+'));
  }

  /** It dies without a release: its lock is left behind, and free for whoever asks next. */
  die(): void {
    this.become('dead');
  }

  /** It releases its lock, if it has one that nobody has taken over, and is forgotten. A second call does nothing. */
  close(): void {
    const fakes = (globalThis as Global)[FAKES];
    fakes?.delete(this.#key);
    if (fakes?.size === 0) delete (globalThis as Global)[FAKES];
    if (this.#holds()) removeLock(this.#lock as string);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #set(state: FakeState): void {
    const global = globalThis as Global;
    global[FAKES] ??= new Map();
    global[FAKES].set(this.#key, state);
  }

  #makeLock(lock: string, label: string | undefined): void {
    mkdirSync(lock);
    const file = join(lock, OWNER_FILE);
    writeFileSync(file, '', { flag: 'wx' });
    const { dev, ino } = statSync(file, { bigint: true });
    const filesystem = dumpDiagnostics({ locks: [lock] }).locks[0]?.filesystem?.type ?? 'unknown';
    const text = formatOwnerRecord({
      starttime: 1,
      createdAtMs: Date.now(),
      nonce: this.#nonce,
      identity: this.identity,
      filesystem,
      witness: { device: String(dev), fsid: null, inode: String(ino), directory: null },
      lifeline: null,
      lease: null,
      handedOver: false,
      label,
    });
    writeFileSync(file, text);
  }

  #holds(): boolean {
    if (this.#lock === null) return false;
    let text: string;
    try {
      text = readFileSync(join(this.#lock, OWNER_FILE), 'utf8');
    } catch {
      return false;
    }
    const parsed = parseOwnerFile(text, null);
    return parsed.kind === 'record' && parsed.record.nonce === this.#nonce;
  }
}

/**
 * Makes up an owner, and a lock that it holds if a path is given.
 * @example
 * const owner = fakeOwner({ lock: '/data/install.lock', label: 'another container' });
 * console.log(inspectLockSync('/data/install.lock').state); // held
 * owner.die();
 * console.log(inspectLockSync('/data/install.lock').state); // stale
 * owner.close();
 * @throws TypeError (ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE) for wrong options; Error (ERR_INVALID_STATE) where
 * NODE_ENV is `production`; system errors: EEXIST where something stands at the path, ...
 */
export function fakeOwner(options: FakeOwnerOptions = {}): FakeOwner {
  requireOptions(options, OPTIONS);
  return new FakeOwner(options);
}

/**
 * Takes a lock away from the program under test, as another program does that deletes it: `lock.signal` aborts before the
 * call returns, `verify()` is false, and a release throws LockLostError.
 * @example
 * const lock = acquireLockSync('/data/install.lock');
 * loseLock(lock);
 * console.log(lock.signal.aborted); // true
 * @throws Error (ERR_INVALID_STATE) where NODE_ENV is `production`; system errors.
 */
export function loseLock(lock: Lock): void {
  refuseInProduction();
  removeLock(lock.path);
  lock.verify();
}

/** Removes nothing but the owner's file, and the directory if that leaves it empty. */
function removeLock(path: string): void {
  rmSync(join(path, OWNER_FILE));
  rmdirSync(path);
}

function requireState(state: unknown): void {
  if (STATES.includes(state)) return;
  throw unknownKey(`the state of a fake owner is one of ${STATES.join(', ')}, not ${shownName(state)}`);
}

function refuseInProduction(): void {
  if (process.env.NODE_ENV !== 'production') return;
  throw withCode(
    new Error('kernel-identity/testing makes locks lie, so it refuses to work in production'),
    'ERR_INVALID_STATE',
  );
}
