import type { Errno, WatchOperations } from '../backend/backend.js';
import { typeOfFile } from '../backend/fuse-type.js';
import { isErrno, unlessShort } from '../backend/system-error.js';
import type { Observer } from '../identity/observer.js';
import type { ProcessIdentity } from '../identity/process-identity.js';
import type { Seen } from '../judge/live-observation.js';
import { lockFileOf, NO_SURROUNDINGS } from '../judge/lock-file.js';
import type { RecordSite } from '../record/owner-file.js';
import type { OwnerRecord } from '../record/owner-record.js';
import { openPidfdOf } from './process-exit.js';

/** An event in an owner's life that the kernel will report, by writing 1 into a word. */
export interface KernelEvent {
  readonly ticket: number;
  /** What the judge need not read again once the word is 1. */
  readonly seen: Seen;
}

/**
 * Has the kernel report the end of an owner. null when it cannot, because the owner is gone or not visible
 * from here, or because no descriptor is left.
 */
export function startWatching(
  observer: Observer,
  record: OwnerRecord,
  { owner: file }: RecordSite,
  words: Int32Array,
): KernelEvent | null {
  const { watch, witness } = observer.backend;
  if (watch === null || record.identity === null || record.problem !== null) return null;
  if (file !== null && lockFileOf(record, file, NO_SURROUNDINGS) === 'recorded') {
    switch (witness.test(file.descriptor, file.filesystem.type)) {
      case 'free':
        return null;
      case 'held':
        // The process need not be watched, because the witness decides whether or not it lives.
        return toEvent(watch.onRelease(file.descriptor, words, 0), { witness: 'free' });
      case 'untestable':
    }
  }
  const { identity, lifeline, handedOver } = record;
  const place: Seen = file === null ? {} : { filesystem: typeOfFile(file) };
  return unlessShort(
    () =>
      watchLifeline(observer, watch, lifeline, words, place) ??
      watchProcess(observer, watch, identity, words) ??
      watchLifeline(observer, watch, handedOver ? null : identity.lifeline, words, place),
    () => null,
  );
}

/**
 * A lifeline of the lock's own is watched before the process, because it also shows the release by a process
 * that lives on. That of the process is watched where no pidfd leads to it: in a sibling container. Its end
 * proves no death by itself, so `place` has only what the judge could not see any more: where the record
 * stood while its owner lived.
 */
function watchLifeline(
  { backend }: Observer,
  watch: WatchOperations,
  lifeline: string | null,
  words: Int32Array,
  place: Seen,
): KernelEvent | null {
  if (lifeline === null || backend.lifeline.test(lifeline) !== 'held') return null;
  return toEvent(watch.onLifelineFree(lifeline, words, 0), place);
}

function watchProcess(
  observer: Observer,
  watch: WatchOperations,
  identity: ProcessIdentity,
  words: Int32Array,
): KernelEvent | null {
  const pidfd = openPidfdOf(observer, identity);
  if (pidfd === null) return null;
  try {
    return toEvent(watch.onExit(pidfd, words, 0), { heldPidfd: 'exited' });
  } finally {
    observer.backend.files.close(pidfd);
  }
}

function toEvent(ticket: number | Errno, seen: Seen): KernelEvent | null {
  return isErrno(ticket) ? null : { ticket, seen };
}
