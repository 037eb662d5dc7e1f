import { IDENTITY_VERSION, type ProcessIdentity } from '../identity/process-identity.js';
import type { OwnerRecord } from './owner-record.js';
import { toTicks } from './ticks.js';

/**
 * The identity that another program's record amounts to. OpenClaw records its boot id and the inode of its PID namespace
 * beside pid and start ticks. null when it names no PID namespace, or another boot than this one: a boot id of a stranger may
 * be anything, but one that equals the kernel's own was read from it.
 * @param self the observer's own identity.
 */
export function statedIdentity(
  { pid, machine, claims }: OwnerRecord,
  self: ProcessIdentity,
): ProcessIdentity | null {
  if (pid === null || machine === null || machine.pidNamespace === null) return null;
  const { bootId, pidNamespace } = machine;
  if (bootId === null || bootId !== self.bootId || self.bootIdNative !== true) return null;
  if (machine.runningInWindows || (machine.platform ?? self.platform) !== self.platform) return null;
  const ticks = (claims?.starts ?? [])
    .map(({ value }) => toTicks(Number(value)))
    .find((value) => value !== null);
  return {
    version: IDENTITY_VERSION,
    platform: self.platform,
    pid,
    startTicks: ticks === undefined ? null : String(ticks),
    startTolerance: 0,
    bootId,
    bootIdNative: true,
    pidNamespace: { inode: pidNamespace, id: null },
    pidfdInode: null,
    lifeline: null,
    hostname: machine.hostname,
    containerId: machine.containerId,
  };
}
