import type { Format } from './format.js';
import { pidRecord } from './pid-record.js';

const LOCK = /^pid=(\d{1,10})\nowner=client\n(?:cwd=[^\n]*\n)?(?:tty=[^\n]*\n)?$/;

/**
 * Reads the lock of Bazel's output base (bazelbuild/bazel, src/main/cpp/blaze_util_posix.cc, AcquireLock). For Bazel only
 * the lock counts that fcntl(2) gives on this very file; the text is for people.
 */
export const bazel: Format = {
  name: 'bazel',
  kinds: ['file'],
  names: (name) => name === 'lock',
  deletion: 'by its name',
  parse(source) {
    const pid = LOCK.exec(source.text)?.[1];
    return pid === undefined ? null : pidRecord('bazel', source, pid);
  },
};
