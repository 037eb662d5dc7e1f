import type { ProcessIdentity } from '../../identity/process-identity.js';
import { printable } from '../../text/printable.js';
import { alignFields } from './layout.js';

const NOT_KNOWN = 'not known';

/** An identity as text for people. */
export function describeIdentity(identity: ProcessIdentity, indent = 0): string {
  const { inode, id } = identity.pidNamespace;
  const fields: [string, string | null][] = [
    ['pid', `${identity.pid} on ${identity.platform}`],
    ['start', startText(identity)],
    ['boot id', bootText(identity)],
    ['pid namespace', inode === null ? null : `${inode}${id === null ? '' : `, id ${id}`}`],
    ['pidfd inode', identity.pidfdInode],
    ['host', identity.hostname],
    ['container', identity.containerId],
  ];
  return alignFields(
    fields.map(([name, value]) => [name, value === null ? NOT_KNOWN : printable(value)]),
    indent,
  );
}

function startText({ startTicks, startTolerance }: ProcessIdentity): string | null {
  if (startTicks === null) return null;
  const tolerance = startTolerance === 0 ? '' : `, give or take ${startTolerance}`;
  return `${startTicks} ticks since boot${tolerance}`;
}

function bootText({ bootId, bootIdNative }: ProcessIdentity): string | null {
  if (bootId === null) return null;
  return bootIdNative === false ? `${bootId} (something is mounted over it)` : bootId;
}
