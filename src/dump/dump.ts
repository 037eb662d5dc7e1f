import { arch, release, version } from 'node:os';
import type { Filesystem } from '../backend/backend.js';
import { traitsOf } from '../backend/filesystem-traits.js';
import { fuseTypeOf } from '../backend/fuse-type.js';
import { INITIAL_PID_NAMESPACE } from '../backend/initial-namespaces.js';
import { packageVersion } from '../backend/own-package.js';
import { type SelectedBackend, selectBackend } from '../backend/select.js';
import { unlessShort } from '../backend/system-error.js';
import { invalidType } from '../errors.js';
import { currentObserver, isProcHidden, readProcOptions } from '../identity/observer.js';
import { ownIdentity } from '../identity/read.js';
import { checkBoolean } from '../judge/options.js';
import { requireOptions } from '../known-options.js';
import { findUsers } from '../lock/holders.js';
import { inspectLockSync } from '../lock/inspect.js';
import { LockPath } from '../lock/protocol/lock-path.js';
import { toFailure } from './failure.js';
import { redact } from './redact.js';
import { readContainerHints, readNamespaces, readSeccomp } from './sandbox.js';
import { type DiagnosticsDump, DUMP_OPTIONS, type DumpOptions, type LockDump } from './types.js';

/**
 * Collects what a person needs to understand a verdict. It only reads, and it throws for nothing that it finds: a value
 * that cannot be read is null, and the error of a lock is reported in the entry of that lock.
 * @example
 * console.log(JSON.stringify(dumpDiagnostics({ locks: ['/data/install.lock'], redact: true }), null, 2));
 * @throws TypeError (ERR_INVALID_ARG_TYPE, or ERR_INVALID_ARG_VALUE for an option that there is not).
 */
export function dumpDiagnostics(options: DumpOptions = {}): DiagnosticsDump {
  checkDumpOptions(options);
  return dumpWith(dumpLocks(options.locks ?? []), options.redact === true);
}

/** @internal The same around reports on locks that were made before. */
export function dumpWith(locks: readonly LockDump[], isRedacted: boolean): DiagnosticsDump {
  const dump = collect(locks);
  return isRedacted ? redact(dump) : dump;
}

function checkDumpOptions(options: DumpOptions): void {
  requireOptions(options, DUMP_OPTIONS);
  const { locks, redact } = options;
  if (locks !== undefined && !(Array.isArray(locks) && locks.every((path) => typeof path === 'string'))) {
    throw invalidType('locks', 'an array of paths', locks);
  }
  checkBoolean('redact', redact);
}

function collect(locks: readonly LockDump[]): DiagnosticsDump {
  const selected = trySelect();
  const backend = 'backend' in selected ? selected.backend : null;
  const observer = backend === null ? null : readOrNull(currentObserver);
  const inode = observer?.pidNamespace?.inode ?? null;
  return {
    version: packageVersion(),
    node: process.version,
    platform: process.platform,
    arch: arch(),
    kernel: { release: release(), version: version() },
    backend: { name: backend?.name ?? null, reason: selected.reason },
    capabilities: backend === null ? null : readOrNull(() => backend.capabilities()),
    identity: backend === null ? null : readOrNull(ownIdentity),
    namespaces: readNamespaces(),
    // Only Linux has several.
    initialPidNamespace:
      inode === null || process.platform !== 'linux' ? null : inode === INITIAL_PID_NAMESPACE,
    proc: {
      own: observer?.ownProc ?? null,
      hidden: isProcHidden(),
      hidepid: procOption('hidepid'),
      subset: procOption('subset'),
    },
    seccomp: readSeccomp(),
    container: readContainerHints(),
    timeOffset: observer?.timeOffset ?? null,
    locks,
    redaction: null,
  };
}

function readOrNull<T>(read: () => T): T | null {
  return unlessShort<T | null>(read, () => null);
}

function procOption(name: string): string | null {
  const option = readProcOptions()?.find((text) => text.startsWith(`${name}=`));
  return option?.slice(name.length + 1) ?? null;
}

function trySelect(): SelectedBackend | { readonly reason: string } {
  try {
    return selectBackend();
  } catch (error) {
    return { reason: toFailure(error).message };
  }
}

/** @internal Reports on each path. One search of all processes finds the holders of all these locks. */
export function dumpLocks(paths: readonly string[]): LockDump[] {
  const dumps = paths.map(dumpLock);
  const inspections = dumps.flatMap(({ inspection }) => inspection ?? []);
  const users = findUsers(inspections);
  const holdersOf = new Map(inspections.map((inspection, index) => [inspection, users[index]?.holders]));
  return dumps.map((dump) =>
    dump.inspection === null ? dump : { ...dump, holders: holdersOf.get(dump.inspection) ?? [] },
  );
}

/** Without its holders. */
function dumpLock(path: string): LockDump {
  const filesystem = filesystemOf(path);
  const oneKernel = filesystem === null ? null : traitsOf(filesystem.type).oneKernel;
  try {
    const inspection = inspectLockSync(path);
    return { path: inspection.path, filesystem, oneKernel, inspection, holders: [], error: null };
  } catch (error) {
    return { path, filesystem, oneKernel, inspection: null, holders: [], error: toFailure(error) };
  }
}

function filesystemOf(path: string): Filesystem | null {
  try {
    const lockPath = LockPath.open(path);
    try {
      const { files } = lockPath.backend;
      const filesystem = files.filesystem(lockPath.parent);
      if (filesystem.type !== 'fuse') return filesystem;
      return { ...filesystem, type: fuseTypeOf(files.statDescriptor(lockPath.parent).device) };
    } finally {
      lockPath.close();
    }
  } catch {
    // The inspection of the same path fails for the same reason and reports it.
    return null;
  }
}
