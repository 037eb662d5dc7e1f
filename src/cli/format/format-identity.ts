import type { ProcessDescription } from '../../identity/describe-process.js';
import type { ProcessIdentity } from '../../identity/process-identity.js';
import { printable } from '../../text/printable.js';
import { KERNEL_THREAD, timeText } from './format-users.js';
import { alignFields } from './layout.js';

const NOT_KNOWN = 'not known';

/** What a process is, for people: fields of a {@link ProcessDescription}. */
type About = Pick<ProcessDescription, 'command' | 'user' | 'startedAt' | 'kernelThread'>;

/** An identity as text for people, with what else is known about the process. */
export function describeIdentity(identity: ProcessIdentity, indent = 0, about?: About): string {
  const { inode, id } = identity.pidNamespace;
  const fields: [string, string | null][] = [
    ['pid', `${identity.pid} on ${identity.platform}`],
    ...(about === undefined ? [] : aboutFields(about)),
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

function aboutFields({ command, user, startedAt, kernelThread }: About): [string, string | null][] {
  const kind: [string, string][] = kernelThread === true ? [['kind', KERNEL_THREAD]] : [];
  const since = startedAt === null ? null : timeText(startedAt);
  return [['command', command], ...kind, ['user', user], ['since', since]];
}

function startText({ platform, startTicks, startTolerance }: ProcessIdentity): string | null {
  if (startTicks === null) return null;
  if (platform === 'win32' || platform === 'darwin') return `${startTicks} microseconds since 1970`;
  const tolerance = startTolerance === 0 ? '' : `, give or take ${startTolerance}`;
  return `${startTicks} ticks since boot${tolerance}`;
}

function bootText({ platform, bootId, bootIdNative }: ProcessIdentity): string | null {
  if (bootId === null) return null;
  if (platform === 'win32') return `${bootId} (made of the machine's id and the time of its boot)`;
  return bootIdNative === false ? `${bootId} (something is mounted over it)` : bootId;
}
