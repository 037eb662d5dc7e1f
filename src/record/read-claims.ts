import type { NamedValue } from './named-values.js';
import type { RecordTime } from './owner-record.js';
import type { PidClaim, SignOfLife, StartClaim, StrangerClaims } from './stranger-claims.js';
import { MAX_PID } from './strangers-pid.js';
import { toWallTime, toWallTimes } from './wall-time.js';

type ReadClaims = Pick<StrangerClaims, 'starts' | 'otherPids' | 'signs'>;

/** Names of fields in the form of {@link NamedValue.name}. */
const PID = /(pids?|processids?|pgid|pgrp)$|^(owner|holder|(locked|held|owned)by)$/;
const PARENT = /(ppid|parentpid|parentprocessid)$/;
const OWNER = '(proc(ess)?|pid|owner|holder|server|daemon|worker|os)*';
const UNIT = '(ms|millis|s|sec|secs|seconds|epoch|unix|ticks|jiffies)?';
const START = new RegExp(
  `^${OWNER}(start(ed)?(time|ticks|jiffies|id|identity|token)?|(create|birth)time|birth)${UNIT}$`,
);
const WRITTEN =
  /^(created?|start(ed)?|acquired?|lock(ed)?|claim(ed)?|opened|written|record(ed)?|taken)(at|on|time|ts|date)?(ms)?$|^(timestamp|time|ts|date)(ms)?$/;
const SIGN =
  /^last|^acqui|beat|alive|refresh|renew|update|modified|seen|touch|ping|active|expir|until|valid|deadline|lease/;

/** A text such as `owner pid=4711` names a process too. */
const PID_IN_TEXT = /\bpid[ =:#]{1,3}(\d{1,7})(?!\d)/gi;

/** What the values of a record claim. The pid that it is judged by is still among the others. */
export function claimsIn(values: readonly NamedValue[]): ReadClaims {
  return {
    starts: values.flatMap(startsIn),
    otherPids: values.flatMap(pidsIn),
    signs: values.flatMap(signsIn),
  };
}

/** The latest time at which the values say that the record was written. null when they say none. */
export function writtenAtIn(values: readonly NamedValue[]): RecordTime | null {
  let latest: RecordTime | null = null;
  for (const { name, value } of values) {
    const time = WRITTEN.test(name) ? toWallTime(value) : null;
    if (time !== null && (latest === null || time.ms > latest.ms)) latest = { ...time, source: 'record' };
  }
  return latest;
}

function startsIn({ key, name, value }: NamedValue): readonly StartClaim[] {
  const isStart = START.test(name) || (WRITTEN.test(name) && mayBeSinceBoot(value));
  return isStart && isNumberOrText(value) ? [{ key, value }] : [];
}

/**
 * True for a number that is no time, or may be ticks as well: `startedAt` counts from boot in some records. Ticks reach
 * the numbers of seconds since the epoch within half a year.
 */
function mayBeSinceBoot(value: unknown): boolean {
  const number = typeof value === 'string' && /^\d{1,16}(\.\d{1,9})?$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && (toWallTime(number) === null || number < 1e11);
}

function isNumberOrText(value: unknown): value is number | string {
  return typeof value === 'number' ? Number.isFinite(value) : typeof value === 'string' && value.length <= 64;
}

function pidsIn({ key, name, outer, value }: NamedValue): readonly PidClaim[] {
  const numbers =
    PID.test(name) || PID.test(outer) ? numbersIn(value) : typeof value === 'string' ? namedIn(value) : [];
  // Process 1 adopts whoever has lost its parent, and lives as long as its container.
  const isEveryParent = (pid: number) => pid === 1 && PARENT.test(name);
  return numbers
    .filter((pid) => pid <= MAX_PID && pid > 0 && !isEveryParent(pid))
    .map((pid) => ({ key, pid }));
}

function numbersIn(value: unknown): readonly number[] {
  if (typeof value === 'number') return Number.isInteger(value) ? [value] : [];
  return typeof value === 'string' ? (value.match(/(?<!\d)\d{1,7}(?!\d)/g) ?? []).map(Number) : [];
}

function namedIn(text: string): readonly number[] {
  return [...text.matchAll(PID_IN_TEXT)].map(([, digits]) => Number(digits));
}

function signsIn({ key, name, value }: NamedValue): readonly SignOfLife[] {
  return SIGN.test(name) ? toWallTimes(value).map(({ ms }) => ({ key, ms })) : [];
}
