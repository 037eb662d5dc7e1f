import { readFileSync } from 'node:fs';
import { parseRelations, parseStat } from '../backend/procfs/stat.js';
import { unlessShort } from '../backend/system-error.js';
import { readContainerId } from './container-id.js';
import { type Observer, readClocks } from './observer.js';
import { isKernelThread } from './process-table.js';
import { MS_PER_TICK } from './start-ticks.js';

/**
 * What a process is, in words for people. Most of it the process or its user can choose, so it is never evidence, and a
 * program that prints it must escape it. Everything is null when it is not known, as with hidepid (proc(5)).
 */
export interface ProcessDescription {
  /** Its number in this PID namespace. */
  readonly pid: number;
  /** True for the process that asks. */
  readonly self: boolean;
  /**
   * Its command line with spaces between the words, cut to 100 characters. Where it has none, its name in brackets, as
   * ps(1) shows it.
   */
  readonly command: string | null;
  /** Name of its effective user by /etc/passwd, else the user's number. */
  readonly user: string | null;
  /** When it started: ms since the epoch, by the wall clock of now. */
  readonly startedAt: number | null;
  readonly containerId: string | null;
  /** True: a thread of the kernel, which opens no files and so never wrote a lock. */
  readonly kernelThread: boolean | null;
}

/** Characters of a command line that are kept, because an argument may be a whole program, or hold a secret. */
const MAX_COMMAND = 100;

/**
 * Describes the process that has the number `pid` in this PID namespace. Of any but the caller only the number is known
 * where the /proc mounted here is that of another one. Never throws.
 */
export function describeProcess({ ownProc }: Observer, pid: number | 'self'): ProcessDescription {
  const self = pid === 'self' || pid === process.pid;
  const number = self ? process.pid : (pid as number);
  if (!self && !ownProc) return { pid: number, ...UNKNOWN };
  const folder = `/proc/${self ? 'self' : pid}`;
  const stat = Buffer.from(textOf(`${folder}/stat`) ?? '', 'latin1');
  const relations = parseRelations(stat);
  return {
    pid: number,
    self,
    command: commandOf(folder),
    user: userOf(folder),
    startedAt: startOf(stat),
    containerId: unlessShort(
      () => readContainerId(self ? 'self' : (pid as number)),
      () => null,
    ),
    kernelThread: relations === null ? null : isKernelThread(relations),
  };
}

const UNKNOWN = {
  self: false,
  command: null,
  user: null,
  startedAt: null,
  containerId: null,
  kernelThread: null,
} as const;

/** The command line of a process of this PID namespace, as {@link ProcessDescription.command}. */
export function readCommand({ ownProc }: Observer, pid: number): string | null {
  return ownProc ? commandOf(`/proc/${pid}`) : null;
}

function commandOf(folder: string): string | null {
  const line = textOf(`${folder}/cmdline`, 'utf8');
  const words = line?.replace(/\0+$/, '').replaceAll('\0', ' ') ?? '';
  if (words !== '') return shortened(words, MAX_COMMAND);
  // A kernel thread has no command line, nor has a process that has exited.
  const name = textOf(`${folder}/comm`, 'utf8')?.replace(/\n$/, '') ?? '';
  return name === '' ? null : `[${name}]`;
}

/**
 * The command line for people: its program without folders, and no more than `length` characters. If that is too long,
 * the script of an interpreter loses its folders too, because its name says more than they do.
 */
export function shortCommand(command: string, length: number): string {
  // A name in brackets may have a slash in it, and is no path.
  const line = command.replace(/^[^\s[]*\/(?=[^/\s])/, '');
  return shortened([...line].length <= length ? line : line.replace(SCRIPT_FOLDERS, '$1'), length);
}

/** The folders of a script that is the first argument of its interpreter. */
const SCRIPT_FOLDERS = /^((?:node|bun|deno|python[\d.]*|perl|ruby|(?:ba|da|k|z)?sh) )\/\S*\/(?=[^/\s])/;

/** The text, or its beginning and an ellipsis, `length` characters in all. */
function shortened(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}

function userOf(folder: string): string | null {
  // Uid: real, effective, saved, of the file system (proc_pid_status(5)).
  const uid = /^Uid:\t\d+\t(\d+)\t/m.exec(textOf(`${folder}/status`) ?? '')?.[1];
  if (uid === undefined) return null;
  const users = (textOf('/etc/passwd', 'utf8') ?? '').split('\n').map((line) => line.split(':'));
  return users.find((fields) => fields[2] === uid)?.[0] ?? uid;
}

function startOf(stat: Buffer): number | null {
  const ticks = parseStat(stat)?.startTicks ?? null;
  // Both are on the boot clock as this time namespace shows it.
  const { nowMs, bootTimeMs } = readClocks();
  return ticks === null || bootTimeMs === null ? null : Math.round(nowMs - bootTimeMs + ticks * MS_PER_TICK);
}

function textOf(path: string, encoding: 'latin1' | 'utf8' = 'latin1'): string | null {
  try {
    return readFileSync(path, encoding);
  } catch {
    // Not even a want of descriptors is an error here, because nothing is concluded from what is not known.
    return null;
  }
}
