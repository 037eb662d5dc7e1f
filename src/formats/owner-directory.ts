import { timeOfSeconds } from '../record/record-time.js';
import type { Format } from './format.js';
import { parseJson } from './json-pid-file.js';
import { isNamedLikeLock } from './lock-word.js';
import { pidRecord } from './pid-record.js';

/** Names of the file in which the maker of such a lock says who it is. */
const OWNER_NAMES: ReadonlySet<string> = new Set(['pid', 'PID', 'owner', 'holder', 'info']);
const PID = /^(?:pid[ =:]{0,3})?(\d{1,10})(?:[ \t]{1,8}(\d{10}))?\s{0,8}$/i;

/**
 * Reads a lock that mkdir(2) takes, with a file in it that says whose it is, and nothing else: `pid` (sonichi/sutando#3831),
 * `owner` (vellum-ai/vellum-assistant#40822; aporthq/aport-agent-guardrails#102, with the time in s since the epoch),
 * `holder` (fujibee/agmsg#865).
 */
export const ownerDirectory: Format = {
  name: 'owner-directory',
  kinds: ['directory'],
  names: isNamedLikeLock,
  deletion: 'named like a lock',
  entries: (entries) => entries.length === 1 && OWNER_NAMES.has(entries[0] ?? ''),
  parse(source) {
    if (source.text.startsWith('{')) {
      const found = parseJson(source);
      return typeof found === 'string' ? found : { ...found, format: 'owner-directory' };
    }
    const [, pid, seconds] = PID.exec(source.text) ?? [];
    if (pid === undefined) return null;
    const writtenAt = seconds === undefined ? null : timeOfSeconds(Number(seconds));
    return pidRecord('owner-directory', source, pid, { writtenAt });
  },
};
