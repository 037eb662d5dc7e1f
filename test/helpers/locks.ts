import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ProcessIdentity, selfIdentity } from '../../src/index.js';
import { type RunningCli, startCli } from './cli.js';
import { NOBODY } from './crafted.js';

export { NOBODY };

/** Writes a lock directory with this content in its owner.json. */
export function writeLock(directory: string, name: string, content: unknown): string {
  const path = join(directory, name);
  mkdirSync(path);
  writeFileSync(join(path, 'owner.json'), `${JSON.stringify(content, null, 2)}\n`);
  return path;
}

/** Writes an older program's lock whose owner is gone. */
export function writeStaleLock(directory: string, name = 'stale.lock'): string {
  return writeLock(directory, name, { pid: NOBODY, createdAtMs: Date.now() - 1_000 });
}

/**
 * Writes a lock whose owner no observer here can judge: it was recorded under another kernel, on a network
 * filesystem.
 */
export function writeUnknownLock(
  directory: string,
  name = 'unknown.lock',
  more: Readonly<Record<string, unknown>> = {},
  identity: Partial<ProcessIdentity> = {},
): string {
  return writeLock(directory, name, {
    pid: 7,
    createdAtMs: Date.now() - 90_000,
    version: 1,
    nonce: '0123456789abcdef0123456789abcdef',
    identity: {
      ...selfIdentity(),
      pid: 7,
      lifeline: null,
      bootId: '11111111-2222-3333-4444-555555555555',
      hostname: 'elsewhere',
      ...identity,
    },
    filesystem: 'nfs',
    witness: null,
    lease: null,
    ...more,
  });
}

/** Holds a lock with `run`, until the input of `run` ends. */
export async function holdLock(path: string, ...options: string[]): Promise<RunningCli> {
  const holder = startCli(['run', path, ...options, '--', 'sh', '-c', 'echo held; exec cat >/dev/null']);
  await holder.said('held');
  return holder;
}
