import { OWNER_FILE } from '../record/owner-file.js';
import { parseBarePid } from './bare-pid.js';
import { parseChromiumSingleton, SINGLETON_LOCK } from './chromium-singleton.js';
import { parseEmacs } from './emacs.js';
import type { ForeignRecord, NotRecognised } from './format.js';
import { parseJsonPidFile } from './json-pid-file.js';
import { isEmacsName } from './names.js';
import { parsePostmaster } from './postmaster.js';
import { parseTicksLine } from './ticks-line.js';

/**
 * The record in a regular file.
 * @param mtimeMs of the file, ms since the epoch.
 */
export function recogniseFile(name: string, text: string, mtimeMs: number): ForeignRecord | NotRecognised {
  if (name === OWNER_FILE) return 'the owner.json of a lock: its directory is the lock';
  const content = text.replaceAll('\0', '').trim();
  if (content === '') {
    // What a crash leaves, what a writer begins with, and mongod.lock after mongod was shut down.
    return text === ''
      ? 'an empty file, which names nobody'
      : 'a file of blanks or zeroes, which names nobody';
  }
  if (content.startsWith('{')) return parseJsonPidFile(content, mtimeMs);
  // From here on zeroes are not forgiven: of a number that was torn nobody would know.
  return (
    parseBarePid(text, mtimeMs) ??
    parseTicksLine(text, mtimeMs) ??
    parsePostmaster(text, mtimeMs) ??
    // Where there are no symbolic links, Emacs writes a file.
    (isEmacsName(name) ? parseEmacs(content, mtimeMs) : null) ??
    'a file in no known format'
  );
}

/** The record that a symbolic link leads to; any other link of such a form is just a link, hence the names. */
export function recogniseLink(name: string, target: string, mtimeMs: number): ForeignRecord | NotRecognised {
  const found =
    name === SINGLETON_LOCK
      ? parseChromiumSingleton(target, mtimeMs)
      : isEmacsName(name)
        ? parseEmacs(target, mtimeMs)
        : null;
  return found ?? 'a symbolic link, which is not followed';
}
