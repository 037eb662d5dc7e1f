import type { Format } from './format.js';
import { recordOnHost } from './pid-record.js';

/** Name of the lock in the profile directory of Chromium and of the programs that are built on it. */
const SINGLETON_LOCK = 'SingletonLock';

/**
 * Reads `<hostname>-<pid>`. Chromium itself does not judge the pid of another host (chromium/chromium,
 * chrome/browser/process_singleton_posix.cc).
 */
export const chromiumSingleton: Format = {
  name: 'chromium-singleton',
  kinds: ['link'],
  names: (name) => name === SINGLETON_LOCK,
  deletion: 'by its name',
  parse(source) {
    const [, host, pid] = /^([^/]+)-(\d{1,20})$/.exec(source.text) ?? [];
    return recordOnHost('chromium-singleton', source, host, pid);
  },
};
