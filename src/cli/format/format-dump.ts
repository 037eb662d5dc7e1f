import type { Capabilities, TimeOffset } from '../../backend/backend.js';
import type { DiagnosticsDump, LockDump } from '../../dump/types.js';
import { printable } from '../../text/printable.js';
import { isAddress } from '../addresses.js';
import { describeIdentity } from './format-identity.js';
import { formatFindings, formatInspection } from './format-inspection.js';
import { alignFields } from './layout.js';
import { type Paint, plain } from './paint.js';

/** The diagnostics as text for people, fit to be pasted into a bug report. */
export function formatDump(dump: DiagnosticsDump, paint: Paint = plain): string {
  const sections: [heading: string, body: string][] = [
    ['versions', alignFields(versionsOf(dump), 2)],
    ['capabilities', dump.capabilities === null ? '  none' : capabilitiesText(dump.capabilities)],
    ['this process', dump.identity === null ? '  not known' : describeIdentity(dump.identity, 2)],
    ['surroundings', alignFields(surroundingsOf(dump), 2)],
  ];
  const texts = sections.map(([heading, body]) => `${paint('heading', heading)}\n${body}`);
  const locks = dump.locks.map((lock) => lockText(lock, paint, dump.redaction === null));
  return [...texts, ...locks, ...redactionText(dump)].join('\n\n');
}

function redactionText({ redaction }: DiagnosticsDump): string[] {
  return redaction === null ? [] : [`names are replaced; still there: ${redaction.stillThere.join('; ')}`];
}

function versionsOf({ version, node, platform, arch, kernel, backend }: DiagnosticsDump): [string, string][] {
  return [
    ['kernel-identity', version],
    ['node', `${node} on ${platform} ${arch}`],
    ['kernel', printable(`${kernel.release}, ${kernel.version}`)],
    ['backend', printable(`${backend.name ?? 'none'}: ${backend.reason}`)],
  ];
}

function capabilitiesText(capabilities: Capabilities): string {
  const rows = Object.entries(capabilities).map(([name, { available, reason }]): [string, string] => [
    name,
    printable(`${available ? 'yes' : 'no'}: ${reason}`),
  ]);
  return alignFields(rows, 2);
}

function surroundingsOf({
  namespaces,
  initialPidNamespace,
  proc,
  seccomp,
  container,
  timeOffset,
}: DiagnosticsDump): [string, string][] {
  const inodes = Object.entries(namespaces).map(([name, inode]) => `${name} ${inode}`);
  return [
    ['namespaces', inodes.length === 0 ? 'not known' : inodes.join(', ')],
    ['initial pid namespace', yesNo(initialPidNamespace)],
    ['/proc is its own', yesNo(proc.own)],
    ['/proc hides processes', `${yesNo(proc.hidden)}${procOptionsText(proc)}`],
    ['seccomp', seccompText(seccomp)],
    ['container', containerText(container)],
    ['boot clock offset', timeOffset === null ? 'not known' : offsetText(timeOffset)],
  ];
}

function procOptionsText({ hidepid, subset }: DiagnosticsDump['proc']): string {
  const options = [hidepid === null ? '' : `hidepid=${hidepid}`, subset === null ? '' : `subset=${subset}`];
  const given = options.filter((option) => option !== '').join(', ');
  return given === '' ? '' : ` (${printable(given)})`;
}

function seccompText({ mode, filters }: DiagnosticsDump['seccomp']): string {
  return `${mode ?? 'not known'}${filters === null || filters === 0 ? '' : `, ${filters} filters`}`;
}

function containerText(hints: DiagnosticsDump['container']): string {
  if (hints.length === 0) return 'nothing suggests one';
  return printable(hints.map(({ runtime, source }) => `${runtime} (${source})`).join(', '));
}

/** @param advises false for a redacted dump, because the command of the next step names files of this machine. */
function lockText(lock: LockDump, paint: Paint, advises: boolean): string {
  const { path, inspection, holders, error } = lock;
  const on: [string, string] = isAddress(path)
    ? ['kept by', 'a server, for several machines']
    : ['filesystem', filesystemText(lock)];
  if (inspection !== null) {
    const format = advises ? formatInspection : formatFindings;
    return `${format(inspection, paint, { holders, waiters: [] })}\n\n${alignFields([on], 2)}`;
  }
  const heading = `${paint('heading', printable(path))}: ${paint('caution', 'error')}`;
  return `${heading}\n${alignFields([['error', printable(error?.message ?? 'not read')], on], 2)}`;
}

function filesystemText({ filesystem, oneKernel }: LockDump): string {
  if (filesystem === null) return 'not known';
  const { type, fsid } = filesystem;
  const coherence = oneKernel
    ? 'of one kernel'
    : 'perhaps shared between kernels: a death counts when the lease is over';
  return `${fsid === null ? type : `${type}, id ${fsid}`}; ${coherence}`;
}

function offsetText({ seconds, nanoseconds }: TimeOffset): string {
  return nanoseconds === 0 ? `${seconds} s` : `${seconds} s + ${nanoseconds} ns`;
}

function yesNo(value: boolean | null): string {
  return value === null ? 'not known' : value ? 'yes' : 'no';
}
