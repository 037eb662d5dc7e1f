import { SHORT_CONTAINER_ID } from '../identity/container-id.js';
import type { LockInspection } from '../lock/inspect.js';
import type { DiagnosticsDump } from './dump.js';

/** Other names, a letter or a number, are replaced only where nothing else stands: texts are full of those. */
const TELLING = /^(?!\d+$)../;

/** Texts in which a name may occur among other words, by the key under which they stand. */
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
 * The same dump with every host name and container id in it replaced, equal ones by equal words, wherever they occur:
 * in identities, evidence, paths and messages.
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
    const short = id.slice(0, SHORT_CONTAINER_ID);
    if (!words.has(short)) words.set(short, `container-${index + 1}`);
  }
  return replaceIn(dump, '', replacer(words)) as DiagnosticsDump;
}

interface Names {
  readonly hostname: string | null;
  readonly containerId: string | null;
}

function* peopleIn({ identity, locks }: DiagnosticsDump): Generator<Names> {
  if (identity !== null) yield identity;
  for (const { inspection } of locks) {
    const owner: LockInspection['owner'] = inspection?.owner ?? null;
    if (owner?.identity) yield owner.identity;
    if (owner?.machine) yield { hostname: owner.machine.hostname, containerId: null };
  }
}

type Replace = (key: string, text: string) => string;

function replacer(words: ReadonlyMap<string, string>): Replace {
  // The longest first: a name may begin like another.
  const inText = [...words.keys()].filter((name) => TELLING.test(name)).sort((a, b) => b.length - a.length);
  const pattern =
    inText.length === 0
      ? null
      : new RegExp(`(?<![A-Za-z0-9])(?:${inText.map(escaped).join('|')})(?![A-Za-z0-9])`, 'gi');
  const byLowerCase = new Map([...words].map(([name, word]) => [name.toLowerCase(), word]));
  const wordFor = (name: string) => byLowerCase.get(name.toLowerCase()) ?? name;
  return (key, text) => {
    if (key === 'hostname' || key === 'containerId') return wordFor(text);
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
