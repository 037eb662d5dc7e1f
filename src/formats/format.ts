import type { OwnerRecord } from '../record/owner-record.js';

/** The names of the formats of other programs' locks. */
export const STRANGERS_FORMATS = [
  'postmaster',
  'chromium-singleton',
  'firefox',
  'emacs',
  'vim-swap',
  'mercurial',
  'ccache',
  'git-gc',
  'git-pid-file',
  'git-annex',
  'bazel',
  'tahoe',
  'pid-in-name',
  'borg-lock',
  'borg-roster',
  'owner-directory',
  'claude-code',
  'codex',
  'dev-server',
  'home-assistant',
  'nx',
  'restic',
  'json-pid-file',
  'filelock-2',
  'ticks-line',
  'mysqlx',
  'deluge',
  'rtorrent',
  'dovecot',
  'gnupg',
  'pid-and-time',
  'pid-list',
  'filelock',
  'qlockfile',
  'bare-pid',
] as const;

/** What kind of lock stands at a path. `none`: nothing is there, or nothing that names an owner. */
export type LockFormat =
  | 'kernel-identity'
  | 'openclaw-directory'
  | (typeof STRANGERS_FORMATS)[number]
  | 'none';

/** The format of a directory whose owner.json holds this record. */
export function directoryFormat({ version }: OwnerRecord): LockFormat {
  return version === null ? 'openclaw-directory' : 'kernel-identity';
}

/** True for a directory with an owner.json in it, as this package and OpenClaw make one. */
export function hasOwnerFile(format: LockFormat): boolean {
  return format === 'kernel-identity' || format === 'openclaw-directory';
}

/** What was read under a name: a regular file, the target of a symbolic link, or the entries of a directory. */
export interface Source {
  readonly kind: 'file' | 'link' | 'directory';
  readonly name: string;
  /**
   * The content of a file or the target of a link, as UTF-8; for a directory the content of its only file, and empty
   * where it has several.
   */
  readonly text: string;
  /** The same as bytes; the head alone of a file that is too large for a lock. */
  readonly bytes: Uint8Array;
  /** Names in a directory. Empty for everything else. */
  readonly entries: readonly string[];
  /** ms since the epoch. */
  readonly mtimeMs: number;
}

/**
 * When a file may be deleted as a lock whose owner is dead. `by its name`: its program gives this name to nothing else.
 * `named like a lock`: only if `lock`, `lck` or `pid` is a word of its name, because its content could be anybody's data.
 * `never`: it holds more than a lock does, or its program clears it by itself.
 */
export type Deletion = 'by its name' | 'named like a lock' | 'never';

/** What is known of a format without reading a lock. */
export interface KnownFormat {
  readonly name: (typeof STRANGERS_FORMATS)[number];
  /** The names under which a lock of this format is looked for. */
  readonly names: (name: string) => boolean;
  readonly deletion: Deletion;
}

/** How to recognise and read the locks of one program, or of several that write the same. */
export interface Format extends KnownFormat {
  readonly kinds: readonly Source['kind'][];
  /** For directories: true for the names in one. It shows that a directory is a lock before anything in it is read. */
  readonly entries?: (entries: readonly string[]) => boolean;
  /** True: the head of a file that is too large for a lock is enough. */
  readonly readsHead?: true;
  /** null: it is of another format. A text says why it is of none. It never throws, whatever it is given. */
  readonly parse: (source: Source) => ForeignRecord | NotRecognised | null;
}

/** What a lock or PID file of another program says. */
export interface ForeignRecord {
  readonly format: LockFormat;
  /** It holds no identity and is judged by its pid, unless its program stores one of this package. */
  readonly record: OwnerRecord;
  /** System V shared memory that the owner's children keep using when it dies. null when none is recorded. */
  readonly sharedMemory: SharedMemory | null;
  /** Absolute path of a directory whose postmaster.pid says more. null for everything but PostgreSQL's socket locks. */
  readonly dataDirectory: string | null;
}

export interface SharedMemory {
  /** Unsigned, 32 bits. */
  readonly key: number;
  readonly id: number;
}

/** What was found instead, in words that follow "it is". */
export type NotRecognised = string;

export function foreignRecord(
  format: LockFormat,
  record: OwnerRecord,
  more: Partial<Pick<ForeignRecord, 'sharedMemory' | 'dataDirectory'>> = {},
): ForeignRecord {
  return { format, record, sharedMemory: null, dataDirectory: null, ...more };
}
