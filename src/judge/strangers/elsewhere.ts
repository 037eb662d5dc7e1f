/**
 * Objections by what the record says of the place where its writer ran, and by the filesystem that it stands on. Its
 * number is then one of another kernel or PID namespace, and says nothing here.
 */
import { traitsOf } from '../../backend/filesystem-traits.js';
import { INITIAL_PID_NAMESPACE } from '../../backend/initial-namespaces.js';
import { toContainerId } from '../../record/machine-record.js';
import type { Answer } from '../rows.js';
import { note } from '../rows.js';
import { isSaidToBeOfThisHost, type Judged, type Objection } from './judged.js';

/** The objections in their order. None counts against a reboot, which ends whatever ran on any part of this machine. */
export const ELSEWHERE: readonly Objection[] = [
  otherPlatform,
  otherBoot,
  otherNamespace,
  otherContainer,
  otherMachine,
  otherHost,
  sharedPlace,
].map(
  (objects) => (judged: Judged, ground: Answer) =>
    ground.reason === 'legacy-rebooted' ? null : objects(judged),
);

/** In WSL a Linux process reads what a process of Windows wrote. */
function otherPlatform({ record: { machine }, seen, evidence }: Judged): Answer | null {
  if (machine === null) return null;
  const { platform, runningInWindows } = machine;
  const isOther = platform !== null && platform !== seen.platform;
  if (!isOther && !runningInWindows) return null;
  note(evidence, 'platform', isOther ? platform : 'running in Windows', seen.platform, 'none');
  return { state: 'unknown', reason: 'legacy-other-platform' };
}

/**
 * Answers for another boot id in a file that does not prove to be older than this boot. It is that of another kernel
 * or of a container's view of this one (LXC), or no boot id at all.
 */
function otherBoot({ record, seen, evidence }: Judged): Answer | null {
  const bootId = record.machine?.bootId ?? null;
  const { self, filesystem } = seen;
  if (bootId === null || self.bootId === null || self.bootId === bootId) return null;
  const bootedMs = seen.stranger.bootedAtMs;
  const isOlder = record.recordedAt !== null && bootedMs !== null && record.recordedAt.ms < bootedMs;
  if (isOlder && self.bootIdNative === true && traitsOf(filesystem).provesReboot) return null;
  note(evidence, 'boot-id', bootId, `${self.bootId}, ${filesystem ?? 'unknown'} filesystem`, 'none');
  return { state: 'unknown', reason: 'legacy-other-boot' };
}

function otherNamespace({ record: { machine }, seen: { self }, evidence }: Judged): Answer | null {
  const recorded = machine?.pidNamespace ?? null;
  const own = self.pidNamespace.inode;
  if (recorded === null || recorded === own) return null;
  note(evidence, 'pid-namespace', recorded, own, 'none');
  return { state: 'unknown', reason: 'legacy-other-namespace' };
}

function otherContainer(judged: Judged): Answer | null {
  const { record, seen, evidence } = judged;
  const recorded = record.machine?.containerId ?? null;
  if (recorded === null || isKnownToBeHere(judged)) return null;
  const own = seen.self.containerId;
  if (own !== null && (own.startsWith(recorded) || recorded.startsWith(own))) return null;
  note(evidence, 'container', recorded, own, 'none');
  return { state: 'unknown', reason: 'legacy-other-container', liftedBy: 'sameHost' };
}

/** Containers of one image may have one machine-id, and a redeployed one another, so that a boot id counts for more. */
function otherMachine({ record: { machine }, seen, evidence }: Judged): Answer | null {
  const recorded = machine?.hostId ?? null;
  if (recorded === null || machine?.bootId === seen.self.bootId) return null;
  const own = seen.stranger.machineId;
  if (recorded === own) return null;
  note(evidence, 'machine-id', recorded, own, 'none');
  return { state: 'unknown', reason: 'legacy-other-host' };
}

function otherHost(judged: Judged): Answer | null {
  const { record, seen } = judged;
  const name = record.machine?.hostname ?? null;
  if (name === null || isSameHostname(name, seen.self.hostname)) return null;
  // The evidence shows the two names already.
  return isKnownToBeHere(judged) ? null : byOtherHostname(name);
}

/** The answer for the host name of another machine or container. */
export function byOtherHostname(name: string): Answer {
  const isContainer = toContainerId(name) !== null;
  return {
    state: 'unknown',
    reason: isContainer ? 'legacy-other-container' : 'legacy-other-host',
    liftedBy: 'sameHost',
  };
}

/** True also where one of the names is the short form of the other. */
export function isSameHostname(recorded: string, own: string | null): boolean {
  if (own === null) return false;
  const [a, b] = [recorded.toLowerCase(), own.toLowerCase()];
  return a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`);
}

/**
 * No number of a process, and no lock, proves anything of a kernel that cannot be asked. An equal boot id does not show
 * that it is this kernel, because copies of one virtual machine have it too, and meet on such filesystems.
 */
function sharedPlace(judged: Judged): Answer | null {
  const { record, seen, options, evidence } = judged;
  const { filesystem, self } = seen;
  if (filesystem === null || traitsOf(filesystem).oneKernel || isSaidToBeOfThisHost(judged)) return null;
  const bootId = record.machine?.bootId ?? null;
  const isOfThisBoot = bootId !== null && bootId === self.bootId && self.bootIdNative === true;
  if (isOfThisBoot && options.trustBootId === true) return null;
  note(evidence, 'place', null, `${filesystem} filesystem, which other machines may write to`, 'none');
  return { state: 'unknown', reason: 'legacy-shared-place', liftedBy: 'sameHost' };
}

/**
 * True when the record itself shows that its writer ran here, whatever the host was called then: in this PID namespace,
 * whose number other kernels use too, or on this kernel where all its namespaces can be searched. The boot id alone is
 * not enough in a container, because a living sibling has the same.
 */
function isKnownToBeHere(judged: Judged): boolean {
  if (isSaidToBeOfThisHost(judged)) return true;
  const { record, seen } = judged;
  const { machine } = record;
  const own = seen.self.pidNamespace.inode;
  if (machine === null || own === null) return false;
  const isOfThisBoot = machine.bootId !== null && machine.bootId === seen.self.bootId;
  if (isOfThisBoot && own === INITIAL_PID_NAMESPACE) return true;
  return machine.pidNamespace === own && (isOfThisBoot || traitsOf(seen.filesystem).oneKernel);
}
