import type { KnownFormat } from './format.js';
import { isNamedLikeLock } from './lock-word.js';

/** A program whose lock is a JSON object, by which it is known from others. */
export interface JsonProgram extends KnownFormat {
  /** It has all keys of one of these lists. */
  readonly keys: readonly (readonly string[])[];
  /** Default: `pid`, and the other keys that programs use for it. */
  readonly pidKeys?: readonly string[];
  /** True: its writers mean the pid as one of the host that is recorded with it. */
  readonly pidIsOfHost?: true;
}

/** The first that fits counts. What fits none is a `json-pid-file`. */
export const JSON_PROGRAMS: readonly JsonProgram[] = [
  {
    // The lock of an IDE (anthropics/claude-code#32235), where `runningInWindows` is true for one outside of WSL (#72129);
    // that of an installed version (#15883); scheduled_tasks.lock, where `procStart` is start ticks as text.
    name: 'claude-code',
    names: isNamedLikeLock,
    deletion: 'named like a lock',
    keys: [
      ['ideName', 'transport'],
      ['execPath', 'acquiredAt'],
      ['sessionId', 'procStart'],
    ],
  },
  {
    // `processStartTime` is the text that ps(1) prints as lstart, in local time (openai/codex,
    // codex-rs/app-server-daemon/src/backend/pid_start.rs).
    name: 'codex',
    names: isNamedLikeLock,
    deletion: 'named like a lock',
    keys: [['processStartTime']],
  },
  {
    // A float of seconds since the epoch; Home Assistant itself asks for flock(2) on this file (home-assistant/core,
    // homeassistant/runner.py).
    name: 'home-assistant',
    names: (name) => name === '.ha_run.lock',
    deletion: 'by its name',
    keys: [['ha_version']],
  },
  {
    // next dev, which asks for flock(2) on this file (vercel/next.js, packages/next/src/build/lockfile.ts), vinext
    // (cloudflare/vinext#1193), astro dev.
    name: 'dev-server',
    names: (name) => isNamedLikeLock(name) || name === 'dev.json',
    deletion: 'named like a lock',
    keys: [['port']],
  },
  {
    // nrwl/nx, packages/nx/src/daemon/cache.ts.
    name: 'nx',
    names: (name) => name === 'server-process.json',
    deletion: 'by its name',
    keys: [['processId']],
    pidKeys: ['processId'],
  },
  {
    // A lock, decrypted by `restic cat lock` (restic/restic, internal/repository/lock_file.go).
    name: 'restic',
    names: isNamedLikeLock,
    deletion: 'named like a lock',
    keys: [['exclusive', 'hostname', 'time']],
    pidIsOfHost: true,
  },
];
