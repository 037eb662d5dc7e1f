// What becomes of each text of a dump that is redacted. A text of which nothing is said here is hidden, so that a new field
// cannot be forgotten.
import { homedir, hostname, userInfo } from 'node:os';
import { type Kind, StandIns } from './stand-ins.js';
import type { DiagnosticsDump } from './types.js';

/** `shown`: it names nobody. `text`: the names in it are replaced. Else the whole of it is a name of that kind. */
type Treatment = 'shown' | 'text' | Kind;

/** A text of which nothing is known. */
const HIDDEN: Treatment = 'id';

/** By the key, with that of the object around it where the key alone is not clear. */
const TREATMENTS: Readonly<Record<string, Treatment>> = {
  version: 'shown',
  node: 'shown',
  platform: 'shown',
  arch: 'shown',
  release: 'shown',
  runtime: 'shown',
  hidepid: 'shown',
  subset: 'shown',
  'backend.name': 'shown',
  'namespaces.*': 'shown',
  mode: 'shown',
  code: 'shown',
  type: 'shown',
  'owner.filesystem': 'shown',
  format: 'shown',
  state: 'shown',
  certainty: 'shown',
  check: 'shown',
  finding: 'shown',
  liftedBy: 'shown',
  by: 'shown',
  'verdict.reason': 'shown',
  key: 'shown',
  fencingToken: 'shown',
  // Numbers of the kernel, and times.
  startTicks: 'shown',
  pidfdInode: 'shown',
  inode: 'shown',
  'pidNamespace.id': 'shown',
  pidNamespace: 'shown',
  device: 'shown',
  directory: 'shown',
  'recordedAt.source': 'shown',
  'writtenAt.source': 'shown',
  'touchedAt.source': 'shown',

  reason: 'text',
  message: 'text',
  description: 'text',
  problem: 'text',
  recorded: 'text',
  observed: 'text',
  source: 'text',

  path: 'path',
  foreignFiles: 'file',
  hostname: 'host',
  containerId: 'container',
  hostId: 'machine',
  bootId: 'boot',
  label: 'label',
  user: 'user',
  command: 'command',
  fsid: 'filesystem',
  nonce: 'id',
  lifeline: 'lifeline',
};

/** Evidence whose texts are names. */
const NAMED_BY: Readonly<Record<string, Kind>> = { hostname: 'host', 'machine-id': 'machine' };

/** What a redacted dump still holds, for the person who is about to show it to others. */
export const STILL_THERE: readonly string[] = [
  'process ids',
  'times',
  'fencing tokens and ports',
  'inode, device and namespace numbers',
  'start ticks',
  'versions of the kernel, Node and this package',
  'platforms and filesystem types',
  'names of fields in records',
  'container runtimes and mount options of /proc',
  'words of error messages and records that stand nowhere else in the dump',
];

/**
 * The same dump with every name in it replaced by a stand-in, wherever it occurs: hosts (a full name's first part and
 * domain too), containers, machines, boots, users, home directories, paths, addresses, labels, commands, filesystem ids,
 * lifelines and nonces.
 */
export function redact(dump: DiagnosticsDump): DiagnosticsDump {
  const names = new StandIns();
  // The own host is the first of all.
  if (dump.identity?.hostname) names.learn('host', dump.identity.hostname);
  mapTexts(dump, (treatment, text) => {
    if (treatment !== 'shown' && treatment !== 'text') names.learn(treatment, text);
    return text;
  });
  learnOwn(names);
  const redacted = mapTexts(dump, (treatment, text) => {
    if (treatment === 'shown') return text;
    return treatment === 'text' ? names.inText(text) : names.of(treatment, text);
  }) as DiagnosticsDump;
  return { ...redacted, redaction: { stillThere: STILL_THERE } };
}

/** Names of this machine that may occur in an error message alone. */
function learnOwn(names: StandIns): void {
  names.learn('host', hostname());
  names.learn('path', homedir());
  try {
    names.learn('user', userInfo().username);
  } catch {
    // This user has no entry in the user database.
  }
}

type Change = (treatment: Treatment, text: string) => string;

function mapTexts(
  value: unknown,
  change: Change,
  key = '',
  around: Around = { key: '', check: null },
): unknown {
  if (typeof value === 'string') return change(treatmentOf(key, around), value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change, key, around));
  if (typeof value !== 'object' || value === null) return value;
  const check = 'check' in value ? String(value.check) : null;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, mapTexts(part, change, name, { key, check })]),
  );
}

/** The object in which a text stands. */
interface Around {
  readonly key: string;
  /** The check of a piece of evidence. */
  readonly check: string | null;
}

function treatmentOf(key: string, { key: outer, check }: Around): Treatment {
  if (check !== null && (key === 'recorded' || key === 'observed')) return NAMED_BY[check] ?? 'text';
  return TREATMENTS[`${outer}.${key}`] ?? TREATMENTS[`${outer}.*`] ?? TREATMENTS[key] ?? HIDDEN;
}
