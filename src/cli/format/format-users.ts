import { SHORT_CONTAINER_ID } from '../../identity/container-id.js';
import type { ProcessDescription } from '../../identity/describe-process.js';
import { holderText, processText } from '../../lock/holder-text.js';
import type { LockUsers } from '../../lock/holders.js';
import { printable } from '../../text/printable.js';

/** Most processes that are listed for one lock. */
const MAX_LISTED = 10;
/** Characters of a command line: all that a description keeps. */
const WHOLE = 100;
/** What people are told of such a process. */
export const KERNEL_THREAD = 'a thread of the kernel, which writes no lock';

/** Who holds a lock and who waits for it, as names and values. */
export function usersFields({ holders, waiters }: LockUsers): [name: string, value: string][] {
  return [
    ...fields('held by', holders, (holder) => `${holderText(holder, WHOLE)}${detailsOf(holder)}`),
    ...fields('waiting', waiters, (waiter) => `${processText(waiter, WHOLE)}${detailsOf(waiter)}`),
  ];
}

function fields<T>(name: string, processes: readonly T[], text: (process: T) => string): [string, string][] {
  const more = processes.length - MAX_LISTED;
  const listed = processes.slice(0, MAX_LISTED).map((process): [string, string] => [name, text(process)]);
  return more > 0 ? [...listed, [name, `${more} more`]] : listed;
}

/** `; user root, since 2026-11-28T22:01:02.000Z, container 3f1c0a77e2d4` */
function detailsOf(process: ProcessDescription): string {
  const details = detailFields(process).map(([name, value]) =>
    name === 'kind' ? value : `${name} ${value}`,
  );
  return details.length === 0 ? '' : `; ${details.join(', ')}`;
}

/** What a description says beside number and command. Fields that are not known are left out. */
function detailFields(process: ProcessDescription): [name: string, value: string][] {
  const { user, startedAt, containerId, kernelThread } = process;
  const parts: [string, string | null][] = [
    ['kind', kernelThread === true ? KERNEL_THREAD : null],
    ['user', user],
    ['since', startedAt === null ? null : timeText(startedAt)],
    ['container', containerId?.slice(0, SHORT_CONTAINER_ID) ?? null],
  ];
  return parts.flatMap(([name, value]): [string, string][] =>
    value === null ? [] : [[name, printable(value)]],
  );
}

export function timeText(ms: number): string {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? `${ms} ms since 1970` : time.toISOString().replace(/\.\d+Z$/, 'Z');
}
