import { cpSync, lutimesSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LockFormat } from '../../src/index.js';

const FIXTURES = fileURLToPath(new URL('../fixtures/locks/', import.meta.url));

/** The owner that a lock names, and the time since which it is held. */
export interface Owner {
  readonly pid: number;
  readonly ticks: number;
  readonly bootId: string;
  readonly writtenMs: number;
}

/** A lock or PID file as it occurs in the wild. */
interface Wild {
  readonly who: string;
  readonly format: LockFormat;
  /** Makes it in `directory`, as that owner would have left it. Returns its path. */
  readonly make: (directory: string, owner: Owner) => string;
}

/** The literal parts of a fixture that stand for values. Each is replaced where it occurs first. */
interface Literals {
  readonly pid: string;
  readonly ticks?: string;
  readonly bootId?: string;
  readonly time?: string;
  readonly host?: string;
}

const ISO = '2026-05-26T07:22:46.211Z';
const MS = '1777458804809';
const BOOT = '11111111-1111-4111-8111-111111111111';

/** Every known format, as its programs write it. */
export const WILD: readonly Wild[] = [
  directory('OpenClaw deps, old', 'openclaw-old.lock', { pid: '"pid": 7', time: MS }),
  directory('OpenClaw deps, ISO', 'openclaw-quoted.lock', {
    pid: '"pid": 7',
    time: '2026-04-30T07:37:00.000Z',
  }),
  directory('OpenClaw deps, fixed', 'openclaw-fixed.lock', {
    pid: '"pid": 7',
    ticks: '4632230778',
    time: MS,
  }),
  json('OpenClaw session', 'openclaw-session.jsonl.lock', { pid: '32504', ticks: '7204072', time: ISO }),
  json('OpenClaw gateway', 'openclaw-gateway.lock', { pid: '203424', ticks: '123456', time: ISO }),
  json('Matrix crypto', 'matrix-crypto.lock', { pid: '2' }),
  json('kubo', 'kubo-repo.lock', { pid: '1' }),
  json('paseo', 'paseo.pid', { pid: '14', time: ISO, host: 'pod-abc' }),
  file('dev server', 'dev-server', 'dev.lock', { pid: '1', time: MS }),
  json('meridian', 'meridian.lock', { pid: '"pid":1', ticks: '123456', bootId: BOOT }),
  file('Droidspaces', 'ticks-line', 'droidspaces.pid', { pid: '7', ticks: '123456', bootId: BOOT }),
  file('Rails', 'bare-pid', 'server.pid', { pid: '7' }),
  file('celery beat', 'bare-pid', 'celerybeat.pid', { pid: '7' }),
  file('gunicorn', 'bare-pid', 'gunicorn.pid', { pid: '7' }),
  file('Apache', 'bare-pid', 'httpd.pid', { pid: '7' }),
  file('dbus', 'bare-pid', 'dbus/pid', { pid: '7' }),
  file('AWS CDK', 'bare-pid', 'synth.lock', { pid: '7' }),
  file('mongod', 'bare-pid', 'mongod.lock', { pid: '7' }),
  {
    who: 'Xvfb',
    format: 'bare-pid',
    make: (directory, { pid, writtenMs }) => {
      const text = fixtureText('.X99-lock').replace('         7', String(pid).padStart(10));
      return written(join(directory, '.X99-lock'), text, writtenMs);
    },
  },
  {
    who: 'PostgreSQL',
    format: 'postmaster',
    make: (directory, { pid, writtenMs }) => {
      const seconds = String(Math.floor(writtenMs / 1000));
      const text = fixtureText('postmaster.pid').replace('7', String(pid)).replace('1777458804', seconds);
      return written(join(directory, 'postmaster.pid'), text, writtenMs);
    },
  },
  {
    who: 'Chromium',
    format: 'chromium-singleton',
    make: (directory, { pid, writtenMs }) =>
      link(join(directory, 'SingletonLock'), `${hostname()}-${pid}`, writtenMs),
  },
  {
    who: 'Emacs',
    format: 'emacs',
    make: (directory, { pid, writtenMs }) =>
      link(join(directory, '.#notes.txt'), `me@${hostname()}.${pid}:${bootSeconds()}`, writtenMs),
  },
];

export function fixtureText(name: string, encoding: 'utf8' | 'latin1' = 'utf8'): string {
  return readFileSync(join(FIXTURES, name), encoding);
}

/** Writes a file with that text and mtime. */
export function written(path: string, text: string | Uint8Array, mtimeMs: number): string {
  writeFileSync(path, text);
  utimesSync(path, mtimeMs / 1000, mtimeMs / 1000);
  return path;
}

/** Makes a symbolic link that itself has that mtime. */
export function link(path: string, target: string, mtimeMs: number): string {
  symlinkSync(target, path);
  lutimesSync(path, mtimeMs / 1000, mtimeMs / 1000);
  return path;
}

/** Returns when this machine was booted, in s since the epoch, as Emacs records it. */
function bootSeconds(): number {
  return Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1]);
}

export function ownBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}

function directory(who: string, name: string, literals: Literals): Wild {
  return {
    who,
    format: 'openclaw-directory',
    make: (parent, owner) => {
      const path = join(parent, name);
      cpSync(join(FIXTURES, name), path, { recursive: true });
      written(join(path, 'owner.json'), filledIn(`${name}/owner.json`, literals, owner), owner.writtenMs);
      return path;
    },
  };
}

function json(who: string, name: string, literals: Literals): Wild {
  return file(who, 'json-pid-file', name, literals);
}

function file(who: string, format: LockFormat, name: string, literals: Literals): Wild {
  return {
    who,
    format,
    make: (parent, owner) => {
      const path = join(parent, name.replace('/', '-'));
      return written(path, filledIn(name, literals, owner), owner.writtenMs);
    },
  };
}

function filledIn(name: string, literals: Literals, owner: Owner): string {
  const { pid, ticks, bootId, time, host } = literals;
  const when = time?.endsWith('Z') ? new Date(owner.writtenMs).toISOString() : String(owner.writtenMs);
  const replacements: [string | undefined, string][] = [
    [time, when],
    [ticks, String(owner.ticks)],
    [bootId, owner.bootId],
    [host, hostname()],
    [pid, pid.replace(/\d+$/, String(owner.pid))],
  ];
  let text = fixtureText(name);
  for (const [literal, value] of replacements) {
    if (literal === undefined) continue;
    if (!text.includes(literal)) throw new Error(`${name} holds no ${literal}`);
    text = text.replace(literal, value);
  }
  return text;
}
