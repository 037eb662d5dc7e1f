// An heir is a process that has inherited the descriptors on which the kernel keeps a lock. The lock is held
// as long as one of its heirs lives, whatever has become of the process that acquired it.
import type { ChildProcess, SpawnOptions, StdioOptions } from 'node:child_process';
import { invalidArgument, kindOf, outOfRange } from '../errors.js';
import type { OwnerRecord } from '../record/owner-record.js';
import { clearStale, hasFreed } from './protocol/clear.js';
import type { PublishedLock } from './protocol/publish.js';
import { LockView } from './protocol/view.js';

/**
 * The numbers under which an heir has the descriptors. They collide with no other use, because scripts name
 * descriptors by one digit (`exec 3>log`), and shells put their own copies at the first free number from 10
 * on.
 */
export const INHERITED = Object.freeze({
  /** The witness: owner.json, or on Windows the file beside the lock, as it was opened by the owner. */
  owner: 20,
  /** The lifeline of the lock; closed where it has none. */
  lifeline: 21,
  /** The lock directory. */
  directory: 22,
});

/** The environment variable that names the lock under which a command was started: its absolute path. */
export const LOCK_VARIABLE = 'KERNEL_IDENTITY_LOCK';
/**
 * The environment variable in which an heir finds the lock that it may adopt: `<nonce>:<absolute path>`. It is
 * another one, because a command of `run` only holds the lock, and `run` releases it.
 */
export const HEIRLOOM = 'KERNEL_IDENTITY_HANDED_OVER';

/** The options with which a child is started that shall hold the lock as long as it lives, and not adopt it. */
export function optionsOfHeir(published: PublishedLock, options: SpawnOptions): SpawnOptions {
  // A lock that was handed over to this process is not the child's.
  const { [HEIRLOOM]: _, ...env } = options.env ?? process.env;
  return {
    ...options,
    env: { ...env, [LOCK_VARIABLE]: published.lockPath.path },
    stdio: stdioOfHeir(published, options.stdio ?? 'pipe'),
  };
}

/** The `stdio` with which a child is started: the caller's, and the descriptors of the lock. */
function stdioOfHeir(
  { lockPath, owner, lifeline, directory }: PublishedLock,
  stdio: StdioOptions,
): StdioOptions {
  const { openWitness } = lockPath.backend;
  const witness = openWitness === null ? owner.descriptor : openWitness.descriptorOf(owner.descriptor);
  if (witness === null) return stdio;
  const files = typeof stdio === 'string' ? [stdio, stdio, stdio] : [...stdio];
  if (files.length > INHERITED.owner) {
    throw outOfRange(`stdio can have ${INHERITED.owner} entries, because the lock takes the next numbers`);
  }
  // A descriptor above stderr that is 'ignore' stays closed in the child. Node itself makes up for missing
  // ones below.
  while (files.length < INHERITED.owner) files.push(files.length < 3 ? 'pipe' : 'ignore');
  // The other descriptors of the portable backend are none of the kernel's.
  return [...files, witness, lifeline?.descriptor ?? 'ignore', openWitness === null ? directory : 'ignore'];
}

/**
 * Starts a command as spawn() of node:child_process does, as an heir that can also adopt the lock. Its `pid`
 * is undefined when it could not be started.
 */
export function startHeir(
  published: PublishedLock,
  command: string,
  args: readonly string[],
  options: SpawnOptions,
): ChildProcess {
  // spawn() would take an object here for the options, and start the child without the lock.
  if (!Array.isArray(args)) throw invalidArgument('the arguments of the command must be an array');
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument(`the options of the command must be an object, not ${kindOf(options)}`);
  }
  // The module is loaded only here, because most programs hand no lock over.
  const { spawn } = process.getBuiltinModule('node:child_process');
  const { record, lockPath } = published;
  const inherited = optionsOfHeir(published, options);
  return spawn(command, args, {
    ...inherited,
    env: { ...inherited.env, [HEIRLOOM]: `${record.nonce}:${lockPath.path}` },
  });
}

/**
 * Removes a lock that was handed over, when the child has ended and this process has dropped its own share.
 * It stays if another process has it by now: one that inherited it from the child, or a new owner.
 * @returns false when it stays.
 */
export function clearAfterHeir({ lockPath, record }: PublishedLock): boolean {
  const view = LockView.open(lockPath);
  if (view === null) return false;
  try {
    if (view.record?.nonce !== record.nonce || !isFree(view, view.record)) return false;
    return hasFreed(clearStale(view));
  } finally {
    view.close();
  }
}

/** In doubt the lock is not free, and the next contender judges it. */
function isFree({ lockPath, owner }: LockView, { witness, lifeline }: OwnerRecord): boolean {
  const { backend } = lockPath;
  if (lifeline !== null && backend.lifeline.test(lifeline) !== 'free') return false;
  if (witness === null) return true;
  return owner !== null && backend.witness.test(owner.descriptor, owner.filesystem.type) === 'free';
}
