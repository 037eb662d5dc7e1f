import type { BackendName, Capabilities, Filesystem, TimeOffset } from '../backend/backend.js';
import type { ProcessIdentity } from '../identity/process-identity.js';
import type { OptionNames } from '../known-options.js';
import type { LockHolder } from '../lock/holders.js';
import type { InspectedLock } from '../lock/inspect.js';
import type { Failure } from './failure.js';

export interface DumpOptions {
  /** Paths of locks to report on. */
  readonly locks?: readonly string[] | undefined;
  /**
   * Replaces names by stand-ins such as `host-1`, equal names by equal ones: host names, container, machine and boot ids,
   * users, commands, paths, labels, filesystem ids, lifelines and nonces. `redaction` lists what is still there.
   */
  readonly redact?: boolean | undefined;
}

export const DUMP_OPTIONS = { locks: true, redact: true } satisfies OptionNames<DumpOptions>;

/** The state of one of the paths asked for. */
export interface LockDump {
  /** The path, or for the program `dump` also the address of a lock on an engine. */
  readonly path: string;
  /** Filesystem of the directory that the lock is in; null when that directory cannot be opened, and on an engine. */
  readonly filesystem: Filesystem | null;
  /**
   * True when that filesystem belongs to one kernel, so that every process that can open the file sees file
   * locks on it. False when several kernels may share it, so that the owner may be on another machine. null:
   * not known.
   */
  readonly oneKernel: boolean | null;
  /** null when the lock could not be inspected; `error` then says why. */
  readonly inspection: InspectedLock | null;
  /** See `LockInspection.holders`. */
  readonly holders: readonly LockHolder[];
  readonly error: Failure | null;
}

/** What seccomp(2) does to this process. */
export interface Seccomp {
  /** `filter`: a program (BPF) decides about some system calls. null: not known. */
  readonly mode: 'disabled' | 'strict' | 'filter' | null;
  /** Number of filter programs attached (reported since Linux 5.9); null: not known. */
  readonly filters: number | null;
}

/** A sign of a container or a sandbox. */
export interface ContainerHint {
  /** `docker`, `podman`, `kubernetes`, `lxc`, `gvisor`, ... */
  readonly runtime: string;
  /** The file or environment variable that gave the hint. */
  readonly source: string;
}

/** What this package knows about the place it runs in. Plain data, safe to put into JSON. */
export interface DiagnosticsDump {
  readonly version: string;
  readonly node: string;
  readonly platform: string;
  readonly arch: string;
  /** Release and version as uname(2) reports them. */
  readonly kernel: { readonly release: string; readonly version: string };
  /**
   * `name` is null when no backend works, and `reason` says why. Every value below that only a backend can
   * read is then null.
   */
  readonly backend: { readonly name: BackendName | null; readonly reason: string };
  /** null as above, and also where descriptors or memory have run out, as are `identity` and what follows from it. */
  readonly capabilities: Capabilities | null;
  readonly identity: ProcessIdentity | null;
  /** Inode numbers by namespace name, as /proc/self/ns shows them. */
  readonly namespaces: Readonly<Record<string, string>>;
  /** True when this process is in the initial PID namespace, from which all processes can be seen. */
  readonly initialPidNamespace: boolean | null;
  readonly proc: {
    /** True when the /proc mounted here shows the PID namespace of this process. */
    readonly own: boolean | null;
    /** True when /proc is mounted with hidepid, so that a process missing from it may still exist. */
    readonly hidden: boolean;
    /** Value of the mount option hidepid, such as `invisible`; null when it is not given. */
    readonly hidepid: string | null;
    /** Value of the mount option subset, such as `pid`; null when it is not given. */
    readonly subset: string | null;
  };
  /** System call filters that apply to this process. */
  readonly seccomp: Seccomp;
  /** Signs that this is a container or a sandbox, and which one. They are for people and decide nothing. */
  readonly container: readonly ContainerHint[];
  /** Shift of the boot clock in this time namespace; null: not known. */
  readonly timeOffset: TimeOffset | null;
  readonly locks: readonly LockDump[];
  /** What a dump still holds in which the names were replaced: kinds of values, in words. null: none were replaced. */
  readonly redaction: { readonly stillThere: readonly string[] } | null;
}
