import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { recognise } from '../../../src/formats/recognise.js';
import type { ObservedProcess } from '../../../src/identity/observe-process.js';
import type { Observation } from '../../../src/judge/observation.js';
import type { StrangerObservation } from '../../../src/judge/strangers/observation.js';
import { decide } from '../../../src/judge/table.js';
import type { OwnerRecord } from '../../../src/record/owner-record.js';
import { parseOwnerFile, recordFromCaller } from '../../../src/record/parse.js';
import { absent, exited, namesake, observation, observer, running, stranger, thread } from '../builders.js';
import { type HiddenOwner, hiddenOwners, type Times, type World } from './hidden-owner.js';

/** KI_FUZZ=1 tries a hundred thousand records, which takes a minute. */
const RUNS = process.env.KI_FUZZ === undefined ? 2000 : 100_000;

const NOW = Date.UTC(2026, 10, 28, 18, 0);
const UPTIME = 40 * 86_400_000;
const BOOTED = NOW - UPTIME;
const [LIVING, GONE] = [4711, 815];

const times: fc.Arbitrary<Times> = fc
  .tuple(fc.integer({ min: 1000, max: UPTIME - 3_600_000 }), fc.constantFrom(20, 300, 1500, 3_000_000))
  .map(([born, ranFor]) => ({ born: BOOTED + born, written: BOOTED + born + ranFor }));

const WORLD: World = { living: LIVING, gone: GONE, bootedMs: BOOTED, nowMs: NOW, times };

function ticksOf(ms: number): number {
  return Math.floor((ms - BOOTED) / 10);
}

/** What is seen of a number, besides what is seen of a process that has it. */
type Sight = Partial<Omit<Observation, 'stranger'>> & { readonly stranger?: Partial<StrangerObservation> };

function look(sight: Sight): Observation {
  const { observedProcess = absent } = sight;
  const ticks = observedProcess.ticksAsRead;
  return observation({
    self: observer({ startTicks: String(ticksOf(NOW - 5000)) }),
    nowMs: NOW,
    bootTimeMs: UPTIME,
    isNonceOfThisThread: false,
    ticksInOwnTime: ticks === null ? null : { ticks, tolerance: 0 },
    namesakes: { found: [], complete: true, hidden: false },
    ...sight,
    stranger: stranger({ bootedAtMs: BOOTED, machineId: 'a'.repeat(32), ...sight.stranger }),
  });
}

function bornAt(pid: number, ms: number): ObservedProcess {
  return running({ pid, startTicks: String(ticksOf(ms)) });
}

/** What is seen under the number of an owner that is gone. Each of these is a ground for its death. */
const graves: readonly ((record: Times) => Sight)[] = [
  () => ({ observedProcess: absent }),
  ({ born }) => ({ observedProcess: exited({ pid: GONE, startTicks: String(ticksOf(born)) }) }),
  () => ({ observedProcess: bornAt(GONE, NOW - 1000) }),
  () => ({ observedProcess: thread, stranger: { threadTicks: ticksOf(NOW - 1000) } }),
  () => ({ observedProcess: bornAt(GONE, BOOTED + 20), stranger: { isKernelThread: true } }),
];
const grave = fc.constantFrom(...graves);

/** Everything is as a hidden owner leaves it: it lives under its own number, and something else has the recorded one. */
function seen({ fields: { pid }, times: at }: HiddenOwner, buried: Sight): Observation {
  if (pid === LIVING) return look({ observedProcess: bornAt(LIVING, at.born) });
  const workerAt = (other: number) =>
    other === LIVING ? { pid: LIVING, ticksAsRead: ticksOf(at.born) } : null;
  return look({ ...buried, stranger: { workerAt, ...buried.stranger } });
}

/** The records that programs make of the same fields: an owner.json, a file of JSON, a number alone, a row. */
function recordsOf({ fields, mtimeMs, needsFile }: HiddenOwner): Record<string, OwnerRecord | null> {
  const text = JSON.stringify(fields);
  const parsed = parseOwnerFile(text, mtimeMs);
  return {
    'owner.json': parsed.kind === 'record' ? parsed.record : null,
    'a file of JSON': inFile(text, mtimeMs),
    'a number': Object.keys(fields).length === 1 ? inFile(`${fields.pid}\n`, mtimeMs) : null,
    'a row': needsFile ? null : recordFromCaller(JSON.parse(text)),
  };
}

function inFile(text: string, mtimeMs: number): OwnerRecord | null {
  const bytes = Buffer.from(text);
  const found = recognise({ kind: 'file', name: 'x.lock', text, bytes, entries: [], mtimeMs });
  return typeof found === 'string' ? null : found.record;
}

describe('an owner that lives is never dead', () => {
  test('wherever in its record that stands', () => {
    fc.assert(
      fc.property(hiddenOwners(WORLD), grave, (hidden, buried) => {
        for (const [where, record] of Object.entries(recordsOf(hidden))) {
          if (record === null) continue;
          const { state, reason } = decide(record, seen(hidden, buried(hidden.times)), {});
          expect(state, `${where}, ${hidden.hiding}: ${reason}`).not.toBe('dead');
        }
      }),
      { numRuns: RUNS },
    );
  });

  /** What the kernel shows of the owner, where its record says nothing of it. */
  const SIGHTS: Record<string, (at: Times) => Sight> = {
    'a lock on the file': () => ({ stranger: { isFileLocked: true } }),
    'a lock on a file beside it': () => ({ stranger: { lockedSibling: 'x.lock.sqlite' } }),
    'a file beside it whose locks are hidden': () => ({ stranger: { hiddenSibling: 'x.lock.sqlite' } }),
    'the filesystem of another machine': () => ({ filesystem: 'nfs' }),
    'a process in a container below': ({ born }) => ({
      namesakes: { found: [namesake({ startTicks: String(ticksOf(born)) })], complete: true, hidden: false },
    }),
  };

  test.each(Object.entries(SIGHTS))('where the kernel shows %s', (_what, sight) => {
    for (const at of fc.sample(times, 50)) {
      const record = inFile(`${GONE}\n`, at.written);
      for (const buried of graves) {
        const { stranger: ofGrave, ...rest } = buried(at);
        const { stranger: ofOwner, ...shown } = sight(at);
        const sightOfBoth = look({ ...rest, ...shown, stranger: { ...ofGrave, ...ofOwner } });
        expect(record && decide(record, sightOfBoth, {}).state).not.toBe('dead');
      }
    }
  });
});

test('an owner that nothing hides is dead: each of the graves is a ground', () => {
  for (const at of fc.sample(times, 50)) {
    const record = inFile(`${GONE}\n`, at.written);
    for (const buried of graves) expect(record && decide(record, look(buried(at)), {}).state).toBe('dead');
  }
});
