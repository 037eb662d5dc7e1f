import { arch, release, version } from 'node:os';
import type { BackendName, Capabilities, Filesystem, TimeOffset } from '../backend/backend.js';
import { isOneKernelFilesystem } from '../backend/filesystem-traits.js';
import { type SelectedBackend, selectBackend } from '../backend/select.js';
import {
  currentObserver,
  INITIAL_PID_NAMESPACE,
  isProcHidden,
  readProcOptions,
} from '../identity/observer.js';
import type { ProcessIdentity } from '../identity/process-identity.js';
import { selfIdentity } from '../identity/read.js';
import { inspectLockSync, type LockInspection } from '../lock/inspect.js';
import { LockPath } from '../lock/protocol/lock-path.js';
import { packageVersion } from '../own-package.js';
import { type Failure, toFailure } from './failure.js';
import { readNamespaces } from './namespaces.js';
import { redact } from './redact.js';
import { type ContainerHint, readContainerHints, readSeccomp, type Seccomp } from './sandbox.js';

export interface DumpOptions {
  /** Paths of locks to report on. */
  readonly locks?: readonly string[];
  /** Replaces host names and container ids by `host-1`, `container-1`, ..., equal ones alike. */
  readonly redact?: boolean;
}

/** What stands at one of the paths asked for. */
export interface LockDump {
  readonly path: string;
  /** Filesystem of the directory that the lock is in; null: it cannot be opened. */
  readonly filesystem: Filesystem | null;
  /**
   * That filesystem belongs to one kernel, so that file locks on it are seen by all who can open the file. False: to
   * several perhaps, and the owner may be on another machine. null: not known.
   */
  readonly oneKernel: boolean | null;
  /** null: see `error`. */
  readonly inspection: LockInspection | null;
  readonly error: Failure | null;
}

/** What this package knows of the place it runs in. Plain data, safe to put into JSON. */
export interface DiagnosticsDump {
  readonly version: string;
  readonly node: string;
  readonly platform: string;
  readonly arch: string;
  /** As uname(2) tells it. */
  readonly kernel: { readonly release: string; readonly version: string };
  /** name null: none works, and reason says why not; then what only a backend can read is null below. */
  readonly backend: { readonly name: BackendName | null; readonly reason: string };
  readonly capabilities: Capabilities | null;
  readonly identity: ProcessIdentity | null;
  /** Inode by name, as /proc/self/ns shows them. */
  readonly namespaces: Readonly<Record<string, string>>;
  /** This process is in the initial PID namespace, from which all processes can be seen. */
  readonly initialPidNamespace: boolean | null;
  readonly proc: {
    /** The /proc mounted here is that of the own PID namespace. */
    readonly own: boolean | null;
    /** Mounted with hidepid, so that not to see a process means nothing. */
    readonly hidden: boolean;
    /** Value of the option hidepid, such as `invisible`; null: not given. */
    readonly hidepid: string | null;
    /** Value of the option subset, such as `pid`; null: not given. */
    readonly subset: string | null;
  };
  /** System call filters that this process is under. */
  readonly seccomp: Seccomp;
  /** What suggests that this is a container or a sandbox, and which. For people. */
  readonly container: readonly ContainerHint[];
  /** Shift of the boot clock in this time namespace; null: not known. */
  readonly timeOffset: TimeOffset | null;
  readonly locks: readonly LockDump[];
}

/**
 * Collects what one needs to know to understand a verdict. Reads only, and never throws: what cannot be read is null,
 * and the error of a lock stands with that lock.
 */
export function dumpDiagnostics(options: DumpOptions = {}): DiagnosticsDump {
  const dump = collect(options.locks ?? []);
  return options.redact === true ? redact(dump) : dump;
}

function collect(locks: readonly string[]): DiagnosticsDump {
  const selected = trySelect();
  const backend = 'backend' in selected ? selected.backend : null;
  const observer = backend === null ? null : currentObserver();
  const inode = observer?.pidNamespace?.inode ?? null;
  return {
    version: packageVersion(),
    node: process.version,
    platform: process.platform,
    arch: arch(),
    kernel: { release: release(), version: version() },
    backend: { name: backend?.name ?? null, reason: selected.reason },
    capabilities: backend?.capabilities() ?? null,
    identity: backend === null ? null : selfIdentity(),
    namespaces: readNamespaces(),
    initialPidNamespace: inode === null ? null : inode === INITIAL_PID_NAMESPACE,
    proc: {
      own: observer?.ownProc ?? null,
      hidden: isProcHidden(),
      hidepid: procOption('hidepid'),
      subset: procOption('subset'),
    },
    seccomp: readSeccomp(),
    container: readContainerHints(),
    timeOffset: observer?.timeOffset ?? null,
    locks: locks.map(dumpLock),
  };
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

function dumpLock(path: string): LockDump {
  const filesystem = filesystemOf(path);
  const oneKernel = filesystem === null ? null : isOneKernelFilesystem(filesystem.type);
  try {
    const inspection = inspectLockSync(path);
    return { path: inspection.path, filesystem, oneKernel, inspection, error: null };
  } catch (error) {
    return { path, filesystem, oneKernel, inspection: null, error: toFailure(error) };
  }
}

function filesystemOf(path: string): Filesystem | null {
  try {
    const place = LockPath.open(path);
    try {
      return place.backend.files.filesystem(place.parent);
    } finally {
      place.close();
    }
  } catch {
    // The inspection fails for the same reason, and reports it.
    return null;
  }
}
