import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';

/** The kinds of things that may be at the path of a lock. */
export type Kind =
  | 'nothing'
  | 'file'
  | 'huge file'
  | 'FIFO'
  | 'link'
  | 'empty directory'
  | 'lock'
  | 'lock with a file of somebody else'
  | 'lock with a FIFO for an owner'
  | 'lock with a link for an owner'
  | 'lock with a directory for an owner'
  | 'retired lock';

export interface Thing {
  readonly kind: Kind;
  readonly name: string;
  /** The content of the file, or of owner.json. */
  readonly content: string | Uint8Array;
  /** The target of the link. */
  readonly target: string;
  /** Its times are longer ago than any grace. */
  readonly old: boolean;
  readonly mode: number;
}

/** No process ever has this number: it is the largest pid_max there is, and pids end below that. */
const DEAD = 4_194_304;
const RETIRED = `retired.${'0'.repeat(32)}`;
const LONG_AGO_S = 1_700_000_000;
/** The grace is not over however long a test takes. */
const FAR_AHEAD_S = 4_000_000_000;

const name = fc.oneof(
  fc.constantFrom(
    ...[
      'a.lock',
      'b.lock',
      'server.pid',
      'postmaster.pid',
      'SingletonLock',
      '.#notes',
      '.X0-lock',
      'owner.json',
    ],
    ...[
      'data.db',
      'package.json',
      'node_modules',
      '-r',
      '--json',
      '--',
      'x y',
      'a\nb.lock',
      '\u001b[31mred.pid',
    ],
    ...['ü.lock', '%s.lock', '*', '$(reboot).pid', '\u202egnp.lock', `.a.lock.${'0'.repeat(32)}`],
    ...['l'.repeat(250), 'n'.repeat(200)],
  ),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }).filter(isName),
);

function isName(text: string): boolean {
  return !/[\0/]/.test(text) && text !== '.' && text !== '..' && Buffer.from(text).toString() === text;
}

const number = fc.oneof(
  fc.constantFrom(DEAD, 1, 0, -1, 7.5, 1e300, 2 ** 31, process.pid),
  fc.integer(),
  fc.constantFrom(`${DEAD}`, null, 'x', {}, [], true),
);

const record = fc.record(
  {
    pid: number,
    OwnerPID: number,
    createdAtMs: number,
    createdAt: fc.constantFrom('2026-04-30T07:37:00.000Z', '', 'yesterday'),
    startedAt: number,
    starttime: number,
    startTime: number,
    version: number,
    nonce: fc.constantFrom('0'.repeat(32), '', 'x', null),
    identity: fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.record({ version: number, platform: fc.constant('linux'), pid: number }),
    ),
    witness: fc.oneof(
      fc.jsonValue({ maxDepth: 1 }),
      fc.record({ device: number, fsid: number, inode: number, directory: number }),
    ),
    lifeline: fc.constantFrom('time:1', 'user:0', 'time:-1', '', 7, null),
    lease: fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.record({ durationMs: number })),
    filesystem: fc.constantFrom('ext', 'nfs', '', null),
    label: fc.string({ unit: 'binary', maxLength: 300 }),
    hostname: fc.string({ maxLength: 20 }),
  },
  { requiredKeys: [] },
);

const content = fc.oneof(
  { weight: 2, arbitrary: fc.constant(`{"pid":${DEAD},"createdAtMs":1777458804809}`) },
  fc.constantFrom<string>(
    ...[
      '',
      '\n',
      '\0\0\0\0',
      '1',
      `${DEAD}\n`,
      `${DEAD}`.padStart(10),
      `${process.pid}\n`,
      '-1',
      '0x10',
      '1e3',
      '7\n8\n',
    ],
    ...[
      `{"pid":${DEAD}}`,
      '{"pid":1}',
      `\ufeff{"pid":${DEAD}}`,
      `{"pid":${DEAD}`,
      '{}',
      'null',
      '[]',
      '"7"',
      '{"__proto__":{"pid":1}}',
    ],
    ...[
      '['.repeat(60_000),
      '{"pid":'.repeat(9_000),
      '9'.repeat(70_000),
      `{"pid":${DEAD},"x":"${'x'.repeat(70_000)}"}`,
    ],
    `${DEAD}\n/var/lib\n1777458804\n5432\n/run\nlocalhost\n  5432001 7\nready\n`,
    `${DEAD} 123456 11111111-2222-4333-8444-555555555555\n`,
  ),
  record.map((value) => JSON.stringify(value, null, 2)),
  fc.json({ maxDepth: 8 }),
  fc.uint8Array({ maxLength: 300 }),
);

const target = fc.oneof(
  fc.constantFrom(
    '.',
    '..',
    'nowhere',
    'a.lock',
    '../precious',
    '../precious/data',
    `host-${DEAD}`,
    'host-1',
    '-7',
  ),
  fc.constantFrom(
    `me@host.${DEAD}:1777458804`,
    'me@host.1',
    '@.',
    '/proc/self/root/nowhere',
    'x'.repeat(4000),
  ),
  fc
    .string({ unit: 'binary', minLength: 1, maxLength: 40 })
    .filter((text) => isName(text.replaceAll('/', ''))),
);

/** Things in one directory, of which no two have the same name. */
export const things: fc.Arbitrary<Thing[]> = fc.uniqueArray(
  fc.record({
    kind: fc.constantFrom<Kind>(
      ...([
        'nothing',
        'file',
        'file',
        'file',
        'file',
        'huge file',
        'FIFO',
        'link',
        'link',
        'empty directory',
      ] as const),
      ...([
        'lock',
        'lock',
        'lock',
        'lock with a file of somebody else',
        'lock with a FIFO for an owner',
      ] as const),
      ...(['lock with a link for an owner', 'lock with a directory for an owner', 'retired lock'] as const),
    ),
    name,
    content,
    target,
    old: fc.boolean(),
    // None of these modes makes a file executable, because execvp(3) would give it to the shell.
    mode: fc.constantFrom(0o644, 0o666, 0o000),
  }),
  { selector: (thing) => thing.name, minLength: 1, maxLength: 4 },
);

/**
 * Makes the things in a directory. Beside it is another one called `precious`, to which some of the links
 * lead.
 */
export function build(directory: string, all: readonly Thing[], fifo: string): void {
  for (const thing of all) {
    const path = join(directory, thing.name);
    BUILDERS[thing.kind](path, thing, fifo);
    if (thing.kind === 'nothing') continue;
    if (thing.old) lutimesSync(path, LONG_AGO_S, LONG_AGO_S);
    else if (isDirectory(thing)) lutimesSync(path, FAR_AHEAD_S, FAR_AHEAD_S);
  }
}

type Builder = (path: string, thing: Thing, fifo: string) => void;

/** Makes a directory with an owner.json, or something in its place. */
function lockOf(owner: Builder, more?: Builder): Builder {
  return (path, thing, fifo) => {
    mkdirSync(path);
    owner(join(path, 'owner.json'), thing, fifo);
    more?.(join(path, 'data.db'), thing, fifo);
  };
}

const file: Builder = (path, thing) => {
  writeFileSync(path, thing.content);
  chmodSync(path, thing.mode);
};
const link: Builder = (path, thing) => symlinkSync(thing.target, path);
const directory: Builder = (path) => mkdirSync(path);
/** Each new FIFO would need a process, but another name for the same one does not. */
const pipe: Builder = (path, _, fifo) => linkSync(fifo, path);

const BUILDERS: Readonly<Record<Kind, Builder>> = {
  nothing: () => {},
  file,
  'huge file': (path, thing) => {
    writeFileSync(path, thing.content);
    // The file is filled before its mode is set, because the mode binds an ordinary user.
    truncateSync(path, 2 ** 40);
    chmodSync(path, thing.mode);
  },
  FIFO: pipe,
  link,
  'empty directory': directory,
  lock: lockOf(file),
  'lock with a file of somebody else': lockOf(file, file),
  'lock with a FIFO for an owner': lockOf(pipe),
  'lock with a link for an owner': lockOf(link),
  'lock with a directory for an owner': lockOf(directory),
  'retired lock': (path, thing) => {
    mkdirSync(path);
    file(join(path, RETIRED), thing, '');
  },
};

export function makeFifo(path: string): string {
  execFileSync('mkfifo', [path]);
  return path;
}

function isDirectory({ kind }: Thing): boolean {
  return kind === 'empty directory' || kind.includes('lock');
}

/**
 * Decides without the library whether a program that clears the locks of dead owners may remove this thing. A
 * directory: when everything in it is named like a lock's files, and it names an owner, holds a retired one,
 * or has been without an owner for long. A file: when it contains a number. A link: when its name is a lock's
 * and its target contains a number.
 */
export function mayBeCleared({ kind, name: called, content: bytes, target: where, old }: Thing): boolean {
  const text = Buffer.from(bytes).toString('latin1');
  switch (kind) {
    case 'retired lock':
      return true;
    case 'empty directory':
      return old;
    case 'lock':
      return old || /"pid": ?\+?[1-9]/.test(text);
    case 'link':
      return /^(SingletonLock$|\.#.)/.test(called) && /\d/.test(where);
    case 'file':
      return /\d/.test(text);
    default:
      return false;
  }
}

/**
 * Describes everything below a path, by name. Two results are equal if nothing was deleted, replaced or
 * written in between. (The `recursive` option of readdir follows links.)
 */
export function fingerprints(path: string, below = ''): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(path)) {
    const status = lstatSync(join(path, entry), { bigint: true });
    const { ino, mode, size, mtimeNs, ctimeNs } = status;
    // The ctime of the FIFO changes whenever another name for it is made or removed.
    const changed = status.isFIFO() ? '' : ctimeNs;
    found[join(below, entry)] = `${ino} ${mode.toString(8)} ${size} ${mtimeNs} ${changed}`;
    if (status.isDirectory()) Object.assign(found, fingerprints(join(path, entry), join(below, entry)));
  }
  return found;
}
