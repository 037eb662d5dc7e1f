import { SHORT_CONTAINER_ID } from '../identity/container-id.js';
import type { LockHolder } from '../lock/holders.js';
import type { InspectedLock } from '../lock/inspect.js';
import type { DiagnosticsDump } from './types.js';

/**
 * Names of two or more characters that are not all digits. Any other name is replaced only where it is the
 * whole value, because inside a text one character or a number occurs by accident.
 */
const DISTINCTIVE = /^(?!\d+$)../;

/** Keys of texts in which a name may occur among other words. */
const TEXT_KEYS = new Set([
  'path',
  'recorded',
  'observed',
  'description',
  'message',
  'label',
  'problem',
  'source',
  'foreignFiles',
]);

/**
 * The same dump with every host name, container id and machine-id in it replaced, wherever they occur: in identities, evidence,
 * paths and messages. Of the holders of locks, users and command lines are replaced too. Equal names become equal words.
 */
export function redact(dump: DiagnosticsDump): DiagnosticsDump {
  const words = new Map<string, string>();
  const hosts = new Set<string>();
  const containers = new Set<string>();
  for (const { hostname, containerId } of peopleIn(dump)) {
    if (hostname !== null && hostname !== '') hosts.add(hostname);
    if (containerId !== null && containerId !== '') containers.add(containerId);
  }
  for (const host of hosts) words.set(host, `host-${words.size + 1}`);
  for (const [index, id] of [...containers].entries()) {
    words.set(id, `container-${index + 1}`);
    // Docker names a container's host after the beginning of the container's id.
    const short = id.slice(0, SHORT_CONTAINER_ID);
    if (!words.has(short)) words.set(short, `container-${index + 1}`);
  }
  for (const [index, id] of [...machineIdsIn(dump)].entries()) words.set(id, `machine-${index + 1}`);
  const redacted = replaceIn(dump, '', replacer(words)) as DiagnosticsDump;
  const wordFor = { user: numbered('user'), command: numbered('command') };
  const hidden = (holder: LockHolder) => ({
    ...holder,
    user: wordFor.user(holder.user),
    command: wordFor.command(holder.command),
  });
  return {
    ...redacted,
    locks: redacted.locks.map((lock) => ({ ...lock, holders: lock.holders.map(hidden) })),
  };
}

/** Gives each new text a word, and each known one the same as before. */
function numbered(word: string): (text: string | null) => string | null {
  const known = new Map<string, string>();
  return (text) => {
    if (text === null) return null;
    const given = known.get(text) ?? `${word}-${known.size + 1}`;
    known.set(text, given);
    return given;
  };
}

interface Names {
  readonly hostname: string | null;
  readonly containerId: string | null;
}

function* peopleIn({ identity, locks }: DiagnosticsDump): Generator<Names> {
  if (identity !== null) yield identity;
  for (const { inspection, holders } of locks) {
    for (const { containerId } of holders) yield { hostname: null, containerId };
    const owner: InspectedLock['owner'] = inspection?.owner ?? null;
    if (owner?.identity) yield owner.identity;
    if (owner?.machine) yield owner.machine;
  }
}

/** What machine-id(5) calls confidential: those of other programs' records, and this system's own where it was compared. */
function machineIdsIn({ locks }: DiagnosticsDump): ReadonlySet<string> {
  const ids = locks.flatMap(({ inspection }) => [
    inspection?.owner?.machine?.hostId,
    ...(inspection?.verdict?.evidence ?? [])
      .filter(({ check }) => check === 'machine-id')
      .flatMap(({ recorded, observed }) => [recorded, observed]),
  ]);
  return new Set(ids.filter((id) => typeof id === 'string'));
}

type Replace = (key: string, text: string) => string;

function replacer(words: ReadonlyMap<string, string>): Replace {
  // The longest name comes first, because a name may begin like another one.
  const inText = [...words.keys()]
    .filter((name) => DISTINCTIVE.test(name))
    .sort((a, b) => b.length - a.length);
  const pattern =
    inText.length === 0
      ? null
      : new RegExp(`(?<![A-Za-z0-9])(?:${inText.map(escaped).join('|')})(?![A-Za-z0-9])`, 'gi');
  const byLowerCase = new Map([...words].map(([name, word]) => [name.toLowerCase(), word]));
  const wordFor = (name: string) => byLowerCase.get(name.toLowerCase()) ?? name;
  return (key, text) => {
    if (key === 'hostname' || key === 'containerId' || key === 'hostId') return wordFor(text);
    if (!TEXT_KEYS.has(key)) return text;
    return words.get(text) ?? (pattern === null ? text : text.replace(pattern, wordFor));
  };
}

function replaceIn(value: unknown, key: string, replace: Replace): unknown {
  if (typeof value === 'string') return replace(key, value);
  if (Array.isArray(value)) return value.map((item) => replaceIn(item, key, replace));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, replaceIn(part, name, replace)]),
  );
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
