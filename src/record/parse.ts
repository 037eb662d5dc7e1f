import { Checked } from '../identity/checked.js';
import { identityIn, isLifeline, isPid, isUint64, toIdentity } from '../identity/format.js';
import { checkedIdentities, type ProcessIdentity } from '../identity/process-identity.js';
import { Fields } from '../text/json-fields.js';
import { repeatedKeyIn } from '../text/repeated-key.js';
import { identityUnderAnyKey } from './identity-under.js';
import { type LegacyFields, readLegacyFields } from './legacy-fields.js';
import type { LeaseRecord, OwnerRecord, WitnessRecord } from './owner-record.js';
import { readRecordTime } from './record-time.js';
import { claimsOf } from './stranger-claims.js';
import { isPidOfNobody, readPid, shorten } from './strangers-pid.js';
import { toTicks } from './ticks.js';

/** Version of the records that this package writes. */
export const RECORD_VERSION = 1;

/**
 * What an owner.json holds. `torn`: it names nobody, because it is empty, zeroed or cut off, as a crash in the
 * middle of a write leaves it, or because its pid is one that programs write for nobody. `foreign`: it is not a
 * lock's owner file at all, so it may be data of another program.
 */
export type ParsedOwnerFile =
  | { readonly kind: 'record'; readonly record: OwnerRecord }
  | { readonly kind: 'torn' }
  | { readonly kind: 'foreign' };

const NONCE = /^[0-9a-f]{32}$/;
const HEX = /^[0-9a-f]{1,16}$/;
const FILESYSTEM = /^[a-z0-9]{1,32}(\.[a-z0-9-]{1,32})?$/;
/** Longest label, in UTF-16 code units, that a record holds. */
export const MAX_LABEL = 256;
/** ms, a day: the longest that a lock is kept after the death of its owner. */
export const MAX_SETTLE = 86_400_000;

/**
 * Reads the content of an owner.json, this package's or an older program's. Never throws.
 * @param mtimeMs the file's mtime, ms since the epoch, which stands in for a time that is not recorded.
 */
export function parseOwnerFile(text: string, mtimeMs: number | null): ParsedOwnerFile {
  const content = text.replaceAll('\0', '').trim();
  if (content === '') return { kind: 'torn' };
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    return { kind: content.startsWith('{') ? 'torn' : 'foreign' };
  }
  const record = toOwnerRecord(value, mtimeMs);
  if (record === null) return { kind: 'foreign' };
  if (isOwnerless(value, record)) return { kind: 'torn' };
  return { kind: 'record', record: record.version === null ? unambiguous(content, record) : record };
}

/** A record in which a key stands twice is malformed, because only its writer knows which value it meant. */
function unambiguous(json: string, record: OwnerRecord): OwnerRecord {
  const key = repeatedKeyIn(json);
  if (key === null) return record;
  const problem = `it gives ${shorten(key)} twice`;
  return checkedRecords.markChecked(Object.freeze({ ...record, problem }));
}

/** True for a record of nobody in which nothing else may speak for an owner. */
function isOwnerless(value: unknown, { claims }: OwnerRecord): boolean {
  if (claims === null || claims.otherPids.length > 0 || claims.signs.length > 0) return false;
  return isPidOfNobody(new Fields(Object(value) as object).get('pid'));
}

/** The record in a parsed JSON value. null when that is not an object with a `pid`. Never throws. */
function toOwnerRecord(value: unknown, mtimeMs: number | null): OwnerRecord | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const fields = new Fields(value);
  if (!fields.has('pid')) return null;
  // A copy of an older program's OwnerRecord has both keys, with null.
  const isOld = (fields.get('identity') ?? fields.get('version') ?? null) === null;
  return isOld || !fields.has('identity')
    ? legacyOwnerRecord(fields.get('pid'), readLegacyFields(fields, mtimeMs))
    : ownRecord(fields, mtimeMs);
}

/**
 * The record in what a caller of `judgeOwner` handed over: a record that was made here, an identity, a row with an
 * identity in it, or the parsed content of an owner.json, every field of which is checked. Never throws.
 */
export function recordFromCaller(value: unknown): OwnerRecord {
  if (typeof value !== 'object' || value === null) return malformed('not an object');
  if (checkedRecords.isChecked(value)) return value;
  const identity = toIdentity(value);
  if (typeof identity !== 'string') return identityRecord(identity);
  const fields = new Fields(value);
  // Nothing that was stored is undefined. It is a slip, which must not leave a row with an identity to its bare pid.
  if (fields.has('identity') && fields.get('identity') === undefined)
    return malformed('identity is undefined');
  const isRow = (fields.get('identity') ?? null) !== null && !fields.has('nonce') && !fields.has('version');
  if (isRow) return recordOfRow(fields, identityIn(fields.get('identity')));
  const underAnyKey = fields.has('identity') || fields.has('version') ? null : identityUnderAnyKey(value);
  if (underAnyKey !== null) return recordOfRow(fields, underAnyKey);
  // An identity with a broken field must not be judged by its bare pid.
  if (Object.hasOwn(value, 'platform')) return malformed(identity);
  return toOwnerRecord(value, null) ?? malformed(identity);
}

/** Only the identity counts. A pid beside it is not needed, but must not be another one. */
export function recordOfRow(fields: Fields, identity: ProcessIdentity | string): OwnerRecord {
  if (typeof identity === 'string') return malformed(`identity: ${identity}`);
  const pid = fields.get('pid') ?? identity.pid;
  if (pid !== identity.pid) return malformed('pid differs from the pid in the identity');
  return identityRecord(checkedIdentities.markChecked(identity));
}

/** The record of an owner of which only its identity is known. */
export function identityRecord(identity: ProcessIdentity): OwnerRecord {
  return bareRecord(identity.version, identity.pid, identity);
}

/** Records that were made and frozen here. */
export const checkedRecords = new Checked<OwnerRecord>();

/** A record that cannot be judged. */
export function malformed(problem: string): OwnerRecord {
  return { ...EMPTY, problem };
}

/**
 * A record of which nothing else is known. It is written out, because to spread {@link EMPTY} takes a tenth
 * of the time of a judgement.
 */
function bareRecord(
  version: number | null,
  pid: number | null,
  identity: ProcessIdentity | null,
): OwnerRecord {
  return {
    version,
    pid,
    starttime: null,
    recordedAt: null,
    nonce: null,
    identity,
    filesystem: null,
    witness: null,
    lifeline: null,
    lease: null,
    handedOver: false,
    label: null,
    machine: null,
    claims: null,
    problem: null,
  };
}

const EMPTY: OwnerRecord = Object.freeze(bareRecord(null, null, null));

function ownRecord(fields: Fields, mtimeMs: number | null): OwnerRecord {
  const version = fields.get('version');
  const pid = fields.get('pid');
  const nonce = fields.get('nonce');
  const identity = toIdentity(fields.get('identity'));
  const newer = isCount(version) && version > RECORD_VERSION;
  const problems: string[] = [];
  if (!isCount(version) || version === 0) problems.push('version is not a positive integer');
  if (typeof nonce !== 'string' || !NONCE.test(nonce)) problems.push('nonce is not 32 hexadecimal digits');
  if (typeof identity === 'string') problems.push(`identity: ${identity}`);
  else if (identity.pid !== pid && !newer) problems.push('pid differs from the pid in the identity');
  if (!isPid(pid)) problems.push(`pid ${shorten(pid)} is not a process number`);
  const record: OwnerRecord = {
    version: isCount(version) ? version : 0,
    pid: isPid(pid) ? pid : null,
    starttime: toTicks(fields.get('starttime')),
    recordedAt: readRecordTime(fields, mtimeMs),
    nonce: typeof nonce === 'string' && NONCE.test(nonce) ? nonce : null,
    identity: typeof identity === 'string' ? null : checkedIdentities.markChecked(identity),
    filesystem: toMatch(fields.get('filesystem'), FILESYSTEM),
    witness: toWitness(fields.get('witness')),
    lifeline: toLifeline(fields.get('lifeline')),
    lease: toLease(fields.get('lease')),
    handedOver: fields.get('handedOver') === true,
    label: toLabel(fields.get('label')),
    machine: null,
    claims: null,
    problem: problems.length === 0 || (newer && typeof identity !== 'string') ? null : problems.join('; '),
  };
  return checkedRecords.markChecked(Object.freeze(record));
}

/**
 * The record of a program that records no identity.
 * @param pid the recorded value, of any type.
 */
export function legacyOwnerRecord(pid: unknown, fields: LegacyFields): OwnerRecord {
  const number = readPid(pid);
  const isNumber = typeof number === 'number';
  const { claims, problem = null, ...rest } = fields;
  const said = { ...rest, pid: isNumber ? number : null };
  const record: OwnerRecord = {
    ...EMPTY,
    ...said,
    claims: claimsOf(said, claims),
    problem: isNumber ? problem : number,
  };
  return checkedRecords.markChecked(Object.freeze(record));
}

function toWitness(value: unknown): WitnessRecord | null {
  if (typeof value !== 'object' || value === null) return null;
  const fields = new Fields(value);
  const device = fields.get('device');
  const inode = fields.get('inode');
  if (!isUint64(device) || !isUint64(inode)) return null;
  const directory = fields.get('directory');
  return {
    device,
    inode,
    fsid: toMatch(fields.get('fsid'), HEX),
    directory: isUint64(directory) ? directory : null,
  };
}

function toLifeline(value: unknown): string | null {
  return isLifeline(value) ? value : null;
}

function toLease(value: unknown): LeaseRecord | null {
  if (typeof value !== 'object' || value === null) return null;
  const fields = new Fields(value);
  const durationMs = fields.get('durationMs');
  if (!isCount(durationMs) || durationMs === 0) return null;
  const settleMs = toSettle(fields.get('settleMs'));
  return settleMs === 0 ? { durationMs } : { durationMs, settleMs };
}

/** What cannot be read counts as the longest, because to keep the lock of the dead until its lease ends harms nobody. */
function toSettle(value: unknown): number {
  if (value === undefined) return 0;
  return isCount(value) && value <= MAX_SETTLE ? value : MAX_SETTLE;
}

function toLabel(value: unknown): string | null {
  return typeof value === 'string' ? value.slice(0, MAX_LABEL) : null;
}

function toMatch(value: unknown, pattern: RegExp): string | null {
  return typeof value === 'string' && pattern.test(value) ? value : null;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
