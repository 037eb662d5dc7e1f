import { SHORT_CONTAINER_ID } from '../identity/container-id.js';
import { formatElapsed } from '../text/elapsed.js';
import { printable } from '../text/printable.js';
import type { OwnerRecord } from './owner-record.js';

/**
 * Describes the writer of a record in one line for people: PID, label, host, container and age.
 * @param command what its process runs, where the caller has found out.
 */
export function describeOwner(
  owner: OwnerRecord | null,
  ageMs: number | null,
  command: string | null = null,
): string {
  if (owner === null) return 'nobody recorded';
  const parts = [`pid ${owner.pid ?? 'not known'}${command === null ? '' : ` (${command})`}`];
  if (owner.label !== null) parts.push(`"${owner.label}"`);
  const host = hostOf(owner);
  if (host !== null) parts.push(`host ${host}`);
  const container = owner.identity?.containerId ?? null;
  if (container !== null) parts.push(`container ${container.slice(0, SHORT_CONTAINER_ID)}`);
  if (ageMs !== null) parts.push(`for ${formatElapsed(ageMs)}`);
  return printable(parts.join(', '));
}

/** The host name that a record gives. null when it gives none. */
export function hostOf(owner: OwnerRecord): string | null {
  return owner.identity?.hostname ?? owner.machine?.hostname ?? null;
}
