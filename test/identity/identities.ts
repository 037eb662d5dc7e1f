import fc from 'fast-check';
import type { ProcessIdentity } from '../../src/identity/process-identity.js';

export const BOOT = '11111111-1111-4111-8111-111111111111';
export const OTHER_BOOT = '22222222-2222-4222-8222-222222222222';

/** An identity in which every field is known. */
export function identity(overrides: Partial<ProcessIdentity> = {}): ProcessIdentity {
  return {
    version: 1,
    platform: 'linux',
    pid: 7,
    startTicks: '5000',
    startTolerance: 0,
    bootId: BOOT,
    bootIdNative: true,
    pidNamespace: { inode: '4026532001', id: '71' },
    pidfdInode: '12345678901234567890',
    lifeline: null,
    hostname: 'gateway',
    containerId: null,
    ...overrides,
  };
}

const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
const text = fc.string({ unit: 'binary', maxLength: 120 });

function orNull<T>(known: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return fc.option(known, { nil: null });
}

/** Any identity that may be written down. */
export const identities: fc.Arbitrary<ProcessIdentity> = fc.record({
  version: fc.constant(1),
  platform: fc.constantFrom('linux', 'darwin', 'win32'),
  pid: fc.integer({ min: 1, max: 0x7fff_ffff }),
  startTicks: orNull(fc.maxSafeNat().map(String)),
  startTolerance: fc.constantFrom(0, 1),
  bootId: orNull(fc.uuid()),
  bootIdNative: orNull(fc.boolean()),
  pidNamespace: fc.record({ inode: orNull(uint64), id: orNull(uint64) }),
  pidfdInode: orNull(uint64),
  lifeline: orNull(fc.bigInt({ min: 0n, max: 2n ** 62n - 1n }).map((offset) => `time:${offset}`)),
  hostname: orNull(text),
  containerId: orNull(text),
});

/** Identities of few values, so that two of them often have much in common. */
export const similarIdentities: fc.Arbitrary<ProcessIdentity> = fc.record({
  version: fc.constantFrom(1, 1, 1, 2),
  platform: fc.constantFrom('linux', 'linux', 'linux', 'darwin'),
  pid: fc.constantFrom(7, 8),
  startTicks: orNull(fc.constantFrom('5000', '5001', '5002')),
  startTolerance: fc.constantFrom(0, 1),
  bootId: orNull(fc.constantFrom(BOOT, OTHER_BOOT)),
  bootIdNative: orNull(fc.boolean()),
  pidNamespace: fc.record({
    inode: orNull(fc.constantFrom('4026532001', '4026532002')),
    id: orNull(fc.constantFrom('71', '72')),
  }),
  pidfdInode: orNull(fc.constantFrom('100', '101')),
  lifeline: orNull(fc.constantFrom('time:1', 'time:2')),
  hostname: orNull(fc.constantFrom('gateway', 'other')),
  containerId: fc.constant(null),
});

/** A process as its kernel knows it: everything, exactly. */
interface Process {
  readonly pid: number;
  readonly ticks: number;
  readonly boot: string;
  readonly namespace: { readonly inode: string; readonly id: string };
  readonly pidfdInode: string;
}

export const processes: fc.Arbitrary<Process> = fc.record({
  pid: fc.constantFrom(7, 8),
  ticks: fc.constantFrom(5000, 5001),
  boot: fc.constantFrom(BOOT, OTHER_BOOT),
  namespace: fc.constantFrom({ inode: '4026532001', id: '71' }, { inode: '4026532001', id: '72' }),
  pidfdInode: fc.constantFrom('100', '101'),
});

/** How an observer sees a process: fields may be hidden, and ticks may be one too many. */
export const views: fc.Arbitrary<(process: Process) => ProcessIdentity> = fc
  .record({
    ticks: fc.boolean(),
    tickOff: fc.constantFrom(0, 1),
    shifted: fc.boolean(),
    boot: fc.constantFrom('native', 'not known to be native', 'mounted over', 'hidden'),
    namespaceInode: fc.boolean(),
    namespaceId: fc.boolean(),
    pidfdInode: fc.boolean(),
    lifeline: orNull(fc.constantFrom('time:1', 'time:2')),
    hostname: fc.constantFrom('gateway', 'other', null),
  })
  .map((view) => (process: Process) => ({
    version: 1,
    platform: 'linux',
    pid: process.pid,
    startTicks: view.ticks ? String(process.ticks + (view.shifted ? view.tickOff : 0)) : null,
    startTolerance: view.ticks && view.shifted ? 1 : 0,
    bootId: view.boot === 'hidden' ? null : view.boot === 'mounted over' ? crypto.randomUUID() : process.boot,
    bootIdNative: { native: true, 'not known to be native': null, 'mounted over': false, hidden: null }[
      view.boot
    ] as boolean | null,
    pidNamespace: {
      inode: view.namespaceInode ? process.namespace.inode : null,
      id: view.namespaceId ? process.namespace.id : null,
    },
    pidfdInode: view.pidfdInode ? process.pidfdInode : null,
    lifeline: view.lifeline,
    hostname: view.hostname,
    containerId: null,
  }));
