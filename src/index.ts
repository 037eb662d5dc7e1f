import type { InspectOptions } from './lock/protocol/assess.js';

export type { BackendName, Capabilities, Capability } from './backend/backend.js';
export { dumpDiagnostics } from './dump/dump.js';
export type { DiagnosticsDump, DumpOptions, LockDump } from './dump/types.js';
export type {
  Locks,
  LocksWatch,
  NamedAcquireOptions,
  NamedInspection,
  NamedLock,
  NamedReclaimResult,
  NamedTryOptions,
} from './engine/locks.js';
export { openLocks } from './engine/open-locks.js';
export {
  BackendUnavailableError,
  EngineDeniedError,
  EngineRestoredError,
  EngineUnavailableError,
  InvalidIdentityError,
  KernelIdentityError,
  LifelineUnavailableError,
  LockLostError,
  LockNotEmptyError,
  NotALockError,
  PackageReplacedError,
} from './errors.js';
export { type Comparison, compareIdentities } from './identity/compare.js';
export type { ProcessDescription } from './identity/describe-process.js';
export { formatIdentity, parseIdentity } from './identity/format.js';
export {
  type LifelineListing,
  type ListedLifeline,
  type ListOptions,
  listLifelines,
} from './identity/list-lifelines.js';
export type { ProcessIdentity } from './identity/process-identity.js';
export { probeIdentity, selfIdentity } from './identity/read.js';
export { type JudgeOptions, judgeOwner, type OwnerOptions, type RowOptions } from './judge/judge.js';
export type { Certainty, Evidence, Lift, Reason, Verdict, VerdictState } from './judge/verdict.js';
export { adoptLock } from './lock/adopt.js';
export {
  type AcquireEvent,
  CHANNELS,
  type LockEvents,
  type LostEvent,
  type MovedEvent,
  type ReclaimEvent,
  type ReclaimedLock,
  type ReleaseEvent,
  type WaitReport,
} from './lock/events.js';
export type { LockHolder } from './lock/holders.js';
export {
  acquireLock,
  acquireLockSync,
  tryAcquireLock,
  tryAcquireLockSync,
  withLock,
  withLockSync,
} from './lock/index.js';
export {
  inspectLock,
  inspectLockSync,
  type LockFormat,
  type LockInspection,
} from './lock/inspect.js';
export type { Lock } from './lock/lock.js';
export { type LockEventName, type LockEventOf, onLockEvent } from './lock/on-lock-event.js';
export type { AcquireOptions, TryAcquireOptions } from './lock/options.js';
export type { InspectOptions } from './lock/protocol/assess.js';
export type { LockLift } from './lock/protocol/lift.js';
export { type ReclaimResult, reclaimLock, reclaimLockSync } from './lock/reclaim.js';
export { LockTimeoutError } from './lock/timeout-error.js';
export type {
  LeaseRecord,
  MachineRecord,
  OwnerRecord,
  OwnerRow,
  RecordTime,
  WitnessRecord,
} from './record/owner-record.js';
export { type ParseOwnerOptions, parseOwner } from './record/parse-owner.js';
export type { RowKeys } from './record/row-columns.js';
export type { PidClaim, SignOfLife, StartClaim, StrangerClaims } from './record/stranger-claims.js';
export { type OwnerWatch, watchOwner } from './watch/owner-watch.js';

/** @deprecated Use {@link InspectOptions}, the new name of the same options. */
export type StandingOptions = InspectOptions;
