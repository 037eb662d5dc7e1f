import { isUint64, isUuid } from '../identity/format.js';
import { Fields } from '../text/json-fields.js';
import type { NamedValue } from './named-values.js';
import type { MachineRecord } from './owner-record.js';

/** Longest host name kept of another program's record. Host names end at 64 on Linux, at 255 in the DNS. */
const MAX_HOSTNAME = 256;

const UNKNOWN: MachineRecord = Object.freeze({
  hostname: null,
  pidIsOfHost: false,
  hostId: null,
  bootId: null,
  bootTimeMs: null,
  platform: null,
  containerId: null,
  pidNamespace: null,
  runningInWindows: false,
});

/** Makes the record of a machine about which only `known` was recorded. */
export function machineRecord(known: Partial<MachineRecord>): MachineRecord {
  return { ...UNKNOWN, ...known };
}

/**
 * By the names of fields in the form of {@link NamedValue.name}. OpenClaw calls the boot id in its `processNamespace` its
 * identity.
 */
const READERS: readonly (readonly [RegExp, (value: unknown) => Partial<MachineRecord> | null])[] = [
  [
    /^(host(name)?|fqdn|(node|machine|computer|pod|server)name)$/,
    (value) => known('hostname', toMachineName(value)),
  ],
  [/^(node|machine|computer|pod)$/, (value) => known('hostname', toPerhapsMachineName(value))],
  [
    /^(owner|holder|who|user|(locked|held|owned|acquired|created|started)by)$/,
    (value) => known('hostname', hostBehindUser(value)),
  ],
  [/^(machineid|hostid)$/, (value) => known('hostId', toHostId(value))],
  [/^bootid$/, (value) => known('bootId', toBootId(value))],
  [
    /^(platform|system|os|os(name|type|platform)|operatingsystem)$/,
    (value) => known('platform', toPlatform(value)),
  ],
  [/^(containerid|container|dockerid)$/, (value) => known('containerId', toContainerId(value))],
  [
    /^(pid(ns|namespace)(inode|id)?|processnamespace(inode)?|nspid)$/,
    (value) => known('pidNamespace', toPidNamespace(value)),
  ],
  [/^runninginwindows$/, (value) => (value === true ? { runningInWindows: true } : null)],
];

/** What the values of a record say of its machine. null when they say nothing. */
export function machineIn(values: readonly NamedValue[]): MachineRecord | null {
  let machine: Partial<MachineRecord> = {};
  for (const { name, outer, value } of values) {
    const meant = meaningOf(outer, name);
    for (const [names, read] of READERS) {
      const said = names.test(meant) ? read(value) : null;
      // The first value stands, which is the outermost.
      if (said !== null) machine = { ...said, ...machine };
    }
  }
  return Object.keys(machine).length === 0 ? null : machineRecord(machine);
}

function meaningOf(outer: string, name: string): string {
  if (outer === 'processnamespace' && name === 'identity') return 'bootid';
  // `{ host: { name: 'web-1' } }` says what `{ host: 'web-1' }` does, and so does `{ os: { name: 'Linux' } }`.
  return name === 'name' && /^(host|node|machine|computer|pod|os)$/.test(outer) ? outer : name;
}

/** The machine in a copy of an OwnerRecord. */
export function copiedMachine(value: object): MachineRecord {
  const fields = new Fields(value);
  const bootTimeMs = fields.get('bootTimeMs');
  return {
    hostname: toHostname(fields.get('hostname')),
    pidIsOfHost: fields.get('pidIsOfHost') === true,
    hostId: toHostId(fields.get('hostId')),
    bootId: toBootId(fields.get('bootId')),
    bootTimeMs: typeof bootTimeMs === 'number' && Number.isFinite(bootTimeMs) ? bootTimeMs : null,
    platform: toPlatform(fields.get('platform')),
    containerId: toContainerId(fields.get('containerId')),
    pidNamespace: toPidNamespace(fields.get('pidNamespace')),
    runningInWindows: fields.get('runningInWindows') === true,
  };
}

/** null when the value is no host name. A longer text is not a host's, and would fill a terminal. */
export function toHostname(value: unknown): string | null {
  return typeof value === 'string' && value !== '' && value.length <= MAX_HOSTNAME ? value : null;
}

/** null when the value is no boot id. */
export function toBootId(value: unknown): string | null {
  const id = typeof value === 'string' ? value.toLowerCase() : value;
  return isUuid(id) ? id : null;
}

/** Addresses under which a server listens. Dev servers record them as their host, and they name no machine. */
const BIND_ADDRESS = /^(localhost(\..*)?|\*|\d{1,3}(\.\d{1,3}){3}|\[?[\da-f]*:[\da-f:.]*\]?|.*:\/\/.*)$/i;

function toMachineName(value: unknown): string | null {
  const name = toHostname(value);
  return name === null || BIND_ADDRESS.test(name) ? null : name;
}

/** What programs also write under `node` or `machine`: versions, paths, and kinds of processors. */
const NO_MACHINE =
  /^(v?\d+(\.\d+)*|.*\/.*|node|x86_64|x64|amd64|i[3-6]86|ia32|arm\w*|aarch64\w*|riscv64|s390x?|ppc\w*)$/i;

function toPerhapsMachineName(value: unknown): string | null {
  const name = toMachineName(value);
  return name === null || NO_MACHINE.test(name) ? null : name;
}

/** The host in `bob@web-1`, as programs name who holds a lock. */
function hostBehindUser(value: unknown): string | null {
  const host = typeof value === 'string' ? /^[^\s@]{1,64}@([\w.-]{1,253})$/.exec(value)?.[1] : undefined;
  return host === undefined ? null : toMachineName(host);
}

/** machine-id(5): 32 hexadecimal digits, which some programs write as a UUID. */
export function toHostId(value: unknown): string | null {
  const id = typeof value === 'string' ? value.replaceAll('-', '').toLowerCase() : '';
  return /^[\da-f]{32}$/.test(id) ? id : null;
}

/** How programs begin the name of a platform, and what `process.platform` calls it. */
const PLATFORMS: readonly (readonly [RegExp, string])[] = [
  [/^linux/i, 'linux'],
  [/^(darwin|mac ?os)/i, 'darwin'],
  [/^(win(32|64|dows)|mingw|msys)/i, 'win32'],
  [/^(freebsd|openbsd|netbsd|aix|sunos|android|cygwin)/i, ''],
];

/** null for a platform that is no operating system, such as `discord`. */
function toPlatform(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  for (const [beginning, platform] of PLATFORMS) {
    const found = beginning.exec(value);
    if (found !== null) return platform === '' ? found[0].toLowerCase() : platform;
  }
  return null;
}

/**
 * What Docker and podman call a container, and make its host name: 12 digits of its id, or all 64. null for
 * anything else.
 */
export function toContainerId(value: unknown): string | null {
  return typeof value === 'string' && /^([\da-f]{12}|[\da-f]{64})$/.test(value) ? value : null;
}

/** null when the value is no inode of a PID namespace. `pid:[4026531836]` is what the links in /proc/PID/ns say (namespaces(7)). */
export function toPidNamespace(value: unknown): string | null {
  const inode = typeof value === 'string' ? value.replace(/^pid:\[(\d+)\]$/, '$1') : String(value);
  return isUint64(inode) && inode !== '0' ? inode : null;
}

function known<Key extends keyof MachineRecord>(key: Key, value: MachineRecord[Key] | null) {
  return value === null ? null : ({ [key]: value } as Partial<MachineRecord>);
}
