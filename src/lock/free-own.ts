// The steps on the disk by which the owner of a lock frees it: it retires the record, drops the witness, and removes what
// is its own.
import { quoteNames } from '../errors.js';
import type { OwnRecord } from './own-record.js';
import { MAX_FOREIGN_SHOWN, readContents } from './protocol/contents.js';
import { OWNER_FILE, retiredName } from './protocol/names.js';
import type { PublishedLock } from './protocol/publish.js';
import { removeWithLast, retireOwner } from './protocol/retire.js';

/** Most attempts to retire a record that others give back each time. */
const RETIREMENTS = 8;

/**
 * Frees a lock that this process holds. The caller has checked that the lock is still its own.
 * @param dropWitness closes owner.json, and with it the witness. It is called once the record is retired.
 * @returns false when another process has taken the record away. Then nothing was changed.
 */
export function freeOwn(published: PublishedLock, record: OwnRecord, dropWitness: () => void): boolean {
  if (!retireOwn(published, record)) return false;
  // The witness is dropped only now. A waiter that found it free while owner.json still has its name would take this
  // living process for dead. NFS and FUSE leave a shadow of a file that is deleted while open, so it comes before
  // the deletion.
  dropWitness();
  const removal = removeWithLast(published, retiredName(published.record.nonce));
  if (removal === 'occupied') warnOfForeignFiles(published);
  return true;
}

/** @returns false when another process has taken the record away. */
function retireOwn(published: PublishedLock, record: OwnRecord): boolean {
  const { nonce } = published.record;
  const isOwn = (name: string) => record.isAt(name);
  let name: string | null = OWNER_FILE;
  // A waiter gives back a record that was claimed for long, and then the release claims it again.
  for (let attempt = 0; name !== null && attempt < RETIREMENTS; attempt += 1) {
    if (retireOwner(published, name, nonce, isOwn) === 'retired') return true;
    name = record.find();
  }
  return false;
}

/** A file that another program left in the lock's directory keeps everybody from taking the lock again. */
function warnOfForeignFiles({ lockPath, directory }: PublishedLock): void {
  const { foreign } = readContents(lockPath.backend.files, directory);
  if (foreign.length === 0) return;
  const shown = quoteNames(foreign.slice(0, MAX_FOREIGN_SHOWN));
  const words = `the lock '${lockPath.path}' is released, but nobody can take it while its directory holds files that are not the lock's own: ${shown}`;
  process.emitWarning(words, { code: 'KERNEL_IDENTITY_LOCK_NOT_EMPTY' });
}
