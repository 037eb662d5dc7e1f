import { OWNER_FILE } from '../record/owner-file.js';
import type { ForeignRecord, Format, NotRecognised, Source } from './format.js';
import { FORMATS } from './table.js';

const DIRECTORY_FORMATS = FORMATS.filter(({ kinds }) => kinds.includes('directory'));
const HEAD_FORMATS = FORMATS.filter(({ readsHead }) => readsHead === true);

/** Most names of a directory that are read: more than a lock has. */
export const MAX_ENTRIES = 66;

/** True when a directory of this name may be a lock of another program. */
export function isDirectoryName(name: string): boolean {
  return DIRECTORY_FORMATS.some(({ names }) => names(name));
}

/** True when a directory of this name, with these names in it, is a lock of another program. */
export function isDirectoryOf(name: string, entries: readonly string[]): boolean {
  return DIRECTORY_FORMATS.some((format) => format.names(name) && format.entries?.(entries) === true);
}

/**
 * True when the directory of this name is a lock of another program.
 * @param list gives the first of the names in it. It is called only where the name may be that of a lock.
 */
export function isLockDirectory(name: string, list: (limit: number) => readonly string[]): boolean {
  return isDirectoryName(name) && isDirectoryOf(name, list(MAX_ENTRIES));
}

/** Reads the record in what stands under a name. Never throws. */
export function recognise(source: Source): ForeignRecord | NotRecognised {
  const { kind, name, text } = source;
  if (kind === 'file' && name === OWNER_FILE) return 'the owner.json of a lock: its directory is the lock';
  const found = parseBy(FORMATS, source);
  if (found !== null) return found;
  if (kind === 'directory') return 'a directory in no known format';
  if (kind === 'link') return 'a symbolic link, which is not followed';
  // A crash leaves such a file, a writer begins with one, and mongod.lock is one after mongod was shut down.
  if (text === '') return 'an empty file, which names nobody';
  if (text.replaceAll('\0', '').trim() === '') return 'a file of blanks or zeroes, which names nobody';
  return 'a file in no known format';
}

/** Reads the head of a file that is too large for a lock. null when it is of no format. Never throws. */
export function recogniseHead(source: Source): ForeignRecord | NotRecognised | null {
  return parseBy(HEAD_FORMATS, source);
}

/** What the first of these formats reads that knows the source. */
function parseBy(formats: readonly Format[], source: Source): ForeignRecord | NotRecognised | null {
  for (const format of formats) {
    const found = fits(format, source) ? format.parse(source) : null;
    if (found !== null) return found;
  }
  return null;
}

function fits(format: Format, { kind, name, entries }: Source): boolean {
  if (!format.kinds.includes(kind) || !format.names(name)) return false;
  return kind !== 'directory' || format.entries?.(entries) === true;
}
