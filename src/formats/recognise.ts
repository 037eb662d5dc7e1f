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
 * Reads the record in a regular file.
 * @param mtimeMs of the file, ms since the epoch.
 */
export function recogniseFile(name: string, text: string, mtimeMs: number): ForeignRecord | NotRecognised {
  if (name === OWNER_FILE) return 'the owner.json of a lock: its directory is the lock';
  const content = text.replaceAll('\0', '').trim();
  if (content === '') {
    // A crash leaves such a file, a writer begins with one, and mongod.lock is one after mongod was shut
    // down.
    return text === ''
      ? 'an empty file, which names nobody'
      : 'a file of blanks or zeroes, which names nobody';
  }
  if (content.startsWith('{')) return parseJsonPidFile(content, mtimeMs);
  // These formats get the text as it is, because a torn number that is padded with zeroes must not pass for a
  // shorter one.
  return (
    parseBarePid(text, mtimeMs) ??
    parseTicksLine(text, mtimeMs) ??
    parsePostmaster(text, mtimeMs) ??
    // Emacs writes a file where there are no symbolic links.
    (isEmacsName(name) ? parseEmacs(content, mtimeMs) : null) ??
    'a file in no known format'
  );
}

/**
 * Reads the record in the target of a symbolic link. Only the name of the link shows that it is a lock.
 */
export function recogniseLink(name: string, target: string, mtimeMs: number): ForeignRecord | NotRecognised {
  const found =
    name === SINGLETON_LOCK
      ? parseChromiumSingleton(target, mtimeMs)
      : isEmacsName(name)
        ? parseEmacs(target, mtimeMs)
        : null;
  return found ?? 'a symbolic link, which is not followed';
}
