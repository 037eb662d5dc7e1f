import { InvalidIdentityError } from '../errors.js';
import { Fields } from '../text/json-fields.js';
import {
  checkedIdentities,
  freezeIdentity,
  IDENTITY_VERSION,
  type ProcessIdentity,
  requireIdentity,
} from './process-identity.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** A space that a later version invents is read, and is not testable here. */
const LIFELINE = /^[a-z]{1,16}:(0|[1-9]\d{0,18})$/;
const UINT64 = /^(0|[1-9]\d{0,19})$/;
/** Longest text that is accepted in an identity: another program wrote it, and people will be shown it. */
const MAX_TEXT = 256;

/**
 * One line of JSON with its keys in a fixed order; {@link parseIdentity} reads it back.
 * @example
 * const text = formatIdentity(selfIdentity());
 * console.log(text.startsWith('{"version":1,')); // true
 * @throws TypeError (ERR_INVALID_ARG_TYPE) for what is no identity.
 */
export function formatIdentity(identity: ProcessIdentity): string {
  requireIdentity(identity);
  return JSON.stringify(freezeIdentity(identity));
}

/**
 * Reads what {@link formatIdentity} wrote.
 * @example
 * const me = parseIdentity(formatIdentity(selfIdentity()));
 * console.log(me.pid === process.pid); // true
 * @throws InvalidIdentityError (ERR_INVALID_IDENTITY) naming the first field that does not fit.
 */
export function parseIdentity(text: string): ProcessIdentity {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidIdentityError('not JSON', { cause: error });
  }
  const result = toIdentity(value);
  if (typeof result === 'string') throw new InvalidIdentityError(result);
  return checkedIdentities.markChecked(result);
}

/**
 * The identity in a parsed JSON value, frozen, or what is wrong with it. A field that is absent is not known.
 * A field of the wrong shape makes the whole identity unusable, because it is unclear what its writer meant. In
 * an identity of a newer version such a field only counts as not known.
 */
export function toIdentity(value: unknown): ProcessIdentity | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'not an object';
  if (checkedIdentities.isChecked(value)) return value;
  const fields = new Fields(value);
  const version = fields.get('version');
  if (!isPositiveInteger(version)) return 'version is not a positive integer';
  const newer = version > IDENTITY_VERSION;
  const wrong: string[] = [];

  function field<T>(source: Fields, name: string, fits: (candidate: unknown) => candidate is T): T | null {
    const candidate = source.get(name);
    if (candidate === undefined || candidate === null) return null;
    if (fits(candidate)) return candidate;
    if (!newer) wrong.push(name);
    return null;
  }

  const platform = field(fields, 'platform', isText);
  const pid = field(fields, 'pid', isPid);
  const namespace = new Fields(field(fields, 'pidNamespace', isObject) ?? {});
  const startTolerance = field(fields, 'startTolerance', isTolerance);
  // The keys stand in the order of freezeIdentity, which would only make a second copy.
  const identity: ProcessIdentity = Object.freeze({
    version,
    platform: platform ?? '',
    pid: pid ?? 0,
    startTicks: field(fields, 'startTicks', isTicks),
    startTolerance: startTolerance ?? 0,
    bootId: field(fields, 'bootId', isUuid),
    bootIdNative: field(fields, 'bootIdNative', isBoolean),
    pidNamespace: Object.freeze({
      inode: field(namespace, 'inode', isUint64),
      id: field(namespace, 'id', isUint64),
    }),
    pidfdInode: field(fields, 'pidfdInode', isUint64),
    lifeline: field(fields, 'lifeline', isLifeline),
    hostname: field(fields, 'hostname', isText),
    containerId: field(fields, 'containerId', isText),
  });
  if (wrong.length > 0) return `${wrong.join(', ')} of the wrong type or out of range`;
  if (!newer && (platform === null || pid === null)) return 'platform or pid is missing';
  return identity;
}

/** {@link toIdentity} for a value that may also be the JSON text of an identity, as a database returns it. */
export function identityIn(value: unknown): ProcessIdentity | string {
  if (typeof value !== 'string') return toIdentity(value);
  try {
    return toIdentity(JSON.parse(value));
  } catch {
    return 'not JSON';
  }
}

/** True for a number that a process can have: 1 to 2^31 - 1 (pid_t). */
export function isPid(value: unknown): value is number {
  return isPositiveInteger(value) && value <= 0x7fff_ffff;
}

/** True for a 64-bit unsigned number as a decimal string. */
export function isUint64(value: unknown): value is string {
  return typeof value === 'string' && UINT64.test(value);
}

/** True for `<space>:<offset>` with an offset below 2^62, the largest that a lifeline can have. */
export function isLifeline(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    LIFELINE.test(value) &&
    BigInt(value.slice(value.indexOf(':') + 1)) < 2n ** 62n
  );
}

function isPositiveInteger(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0;
}

function isTolerance(value: unknown): value is number {
  return value === 0 || value === 1;
}

/** Ticks are compared as numbers, so they are below 2^53: 2.8 million years of uptime. */
function isTicks(value: unknown): value is string {
  return isUint64(value) && Number.isSafeInteger(Number(value));
}

/** True for a UUID as random(4) writes a boot id. */
export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
