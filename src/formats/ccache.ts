import type { Format } from './format.js';
import { isNamedLikeLock } from './lock-word.js';
import { recordOnHost } from './pid-record.js';

/** Longest text that can be a lock: a host and five numbers. */
const MAX_LENGTH = 400;
const LOCK = /^([^/\n]+)-(\d{1,10})-\d{1,20}[-.]\d{1,12}\.\d{1,20}$/;

/**
 * Reads the link of ccache: host, pid, thread and times (ccache/ccache, src/ccache/util/lockfile.cpp). It is never
 * deleted, because ccache itself takes over a lock whose owner did nothing for two seconds.
 */
export const ccache: Format = {
  name: 'ccache',
  kinds: ['link'],
  names: isNamedLikeLock,
  deletion: 'never',
  parse(source) {
    if (source.text.length > MAX_LENGTH) return null;
    const [, host, pid] = LOCK.exec(source.text) ?? [];
    return recordOnHost('ccache', source, host, pid);
  },
};
