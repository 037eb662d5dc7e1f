import type { ObservedProcess } from '../../../src/identity/observe-process.js';
import type { Observation } from '../../../src/judge/observation.js';
import type { StrangerObservation } from '../../../src/judge/strangers/observation.js';
import { type LegacyFields, machineRecord } from '../../../src/record/legacy-fields.js';
import type { MachineRecord, OwnerRecord, RecordTime } from '../../../src/record/owner-record.js';
import { legacyOwnerRecord } from '../../../src/record/parse.js';
import type { StrangerClaims } from '../../../src/record/stranger-claims.js';
import { observation, observer, running, stranger } from '../builders.js';

/** The time at which the record was written. */
export const WRITTEN = Date.UTC(2026, 3, 29, 10, 33, 24, 809);
export const NOW = WRITTEN + 3_600_000;
export const BOOT_TIME = 9_000_000;
export const TICK = 10;

export const [SECOND, MINUTE] = [1000, 60_000];

/** A record that holds a pid and a time, and no identity. */
export function oldRecord(overrides: Partial<LegacyFields> & { pid?: number } = {}): OwnerRecord {
  const { pid = 7, ...fields } = overrides;
  return legacyOwnerRecord(pid, { starttime: null, recordedAt: written(), machine: null, ...fields });
}

/** One that says something of the machine on which it was written. */
export function recordOf(
  machine: Partial<MachineRecord>,
  overrides: Partial<LegacyFields> = {},
): OwnerRecord {
  return oldRecord({ machine: machineRecord(machine), ...overrides });
}

/** One that makes claims beside its pid. */
export function claiming(claims: Partial<StrangerClaims>): OwnerRecord {
  return oldRecord({ claims: { writtenAt: written(), ...claims } });
}

export function written(overrides: Partial<RecordTime> = {}): RecordTime {
  return { ms: WRITTEN, resolutionMs: 1, source: 'record', ...overrides };
}

export function seeing(observedProcess: ObservedProcess, overrides: Partial<Observation> = {}): Observation {
  return observation({ nowMs: NOW, bootTimeMs: BOOT_TIME, observedProcess, ...overrides });
}

/** Start ticks of a process that was born at this time. */
export function bornAt(ms: number): number {
  return (BOOT_TIME - (NOW - ms)) / 10;
}

/** A process that has the number and was born so many ms after the record was written. */
export function bornLate(ms: number): ObservedProcess {
  return running({ startTicks: String(bornAt(WRITTEN + ms)) });
}

/** Observes such a process, which is the observer itself. */
export function selfBornLate(ms: number, overrides: Partial<Observation> = {}): Observation {
  return seeing(bornLate(ms), { self: observer({ pid: 7 }), ...overrides });
}

/** What the observer sees beyond the process with the number. */
export function besides(
  overrides: Partial<StrangerObservation>,
  observedProcess: ObservedProcess,
  rest: Partial<Observation> = {},
): Observation {
  return seeing(observedProcess, { stranger: stranger(overrides), ...rest });
}
