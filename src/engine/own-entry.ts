import type { Backend } from '../backend/backend.js';
import { currentObserver } from '../identity/observer.js';
import { selfIdentity } from '../identity/read.js';
import { newNonce } from '../lock/protocol/nonce.js';
import {
  InheritableLifeline,
  type OwnLifeline,
  ownOffset,
  SharedLifeline,
} from '../lock/protocol/own-lifeline.js';
import { formatOwnerRecord, ownerRecordOf } from '../record/format.js';
import type { LeaseRecord, OwnerRecord } from '../record/owner-record.js';
import type { Engine, Entry, Lease } from './engine.js';
import { PLACE } from './proof-of-death.js';

/** What this process writes about itself into an entry. */
export interface OwnEntry {
  readonly owner: OwnerRecord;
  readonly text: string;
  /** The lock's own, which is held until the entry is gone. null where there is none: plain Node. */
  readonly lifeline: OwnLifeline | null;
}

/**
 * Takes a lifeline and makes the record that names it. It is drawn only now, when the lease is there: a copy of this
 * machine that is made before has not got it.
 * @param settle ms for which those who see its death are to keep the lock.
 * @param handedOver a command inherits the lifeline.
 * @throws EMFILE, ENFILE or ENOMEM where descriptors or memory have run out.
 */
export function makeOwnEntry(
  lease: Lease,
  settle: number,
  label: string | undefined,
  handedOver: boolean,
): OwnEntry {
  const { backend } = currentObserver();
  const identity = selfIdentity();
  const nonce = newNonce();
  const lifeline = takeLifeline(backend, ownOffset(nonce, { inode: lease.id }), handedOver);
  const record = {
    starttime: null,
    createdAtMs: Date.now(),
    nonce,
    identity,
    filesystem: PLACE,
    witness: null,
    lifeline: lifeline?.text ?? null,
    lease: leaseRecordOf(lease, settle),
    handedOver,
    label,
  };
  return { owner: ownerRecordOf(record), text: formatOwnerRecord(record), lifeline };
}

function leaseRecordOf({ ttlMs }: Lease, settle: number): LeaseRecord {
  if (settle === 0) return { durationMs: ttlMs };
  return { durationMs: ttlMs, settleMs: Math.ceil(settle) };
}

/** How an entry of this process was lost. Others judge its owner by what stands in it, so an overwritten one is lost too. */
export type Loss = 'gone' | 'overwritten';

export const LOSSES: Readonly<Record<Loss, string>> = {
  gone: 'its entry was removed by another program',
  overwritten: 'its entry was overwritten by another program',
};

/** @param found what stands under the key of the entry now. @returns null when that is the entry as it was made. */
export function lossOf(entry: Entry, found: Entry | null): Loss | null {
  if (found?.version === entry.version) return null;
  return found?.token === entry.token ? 'overwritten' : 'gone';
}

/**
 * Removes an entry of this process. Its key holds the id of the session's lease, so what another program has written over
 * it goes too: it may have lost its lease by that, and then nothing else would ever remove it.
 * @returns `in doubt`: it is gone, and an answer was lost, as in {@link Engine.removeIf}.
 */
export async function removeOwn(engine: Engine, entry: Entry): Promise<'removed' | 'in doubt' | Loss> {
  const isRemoved = await engine.removeIf(entry);
  if (isRemoved === true) return 'removed';
  const found = await engine.read(entry.key);
  if (found?.token === entry.token) {
    await engine.removeIf(found);
    return 'overwritten';
  }
  return isRemoved === null ? 'in doubt' : 'gone';
}

function takeLifeline(backend: Backend, offset: string, handedOver: boolean): OwnLifeline | null {
  return handedOver ? InheritableLifeline.take(backend, offset) : SharedLifeline.take(backend, offset);
}
