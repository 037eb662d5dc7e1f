import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { Capabilities } from '../../src/index.js';
import { tempDir } from '../helpers/temp-dir.js';

/** What test/host/fixtures/host.mjs prints. */
interface HostReport {
  readonly backend: { readonly name: string | null; readonly reason: string };
  readonly capabilities: Capabilities | null;
  readonly self: { readonly pid?: number; readonly code?: string; readonly message?: string };
  readonly lock: { state?: string; refused?: boolean; code?: string; message?: string };
  readonly judged: unknown;
}

interface HostOptions {
  readonly nodeOptions?: readonly string[];
  readonly backend?: string;
  /** The directory for the lock. */
  readonly directory?: string;
  /** A command that runs another one, which is appended to it. */
  readonly through?: readonly string[];
}

export const HOST = fileURLToPath(new URL('fixtures/host.mjs', import.meta.url));

/** Runs an application that uses that copy of the package. It must end well, and print nothing on stderr. */
export function runHost(entry: string, options: HostOptions = {}): HostReport {
  const { nodeOptions = [], backend = '', directory = tempDir(), through = [] } = options;
  const path = join(directory, 'host.lock');
  const [command = '', ...args] = [...through, process.execPath, ...nodeOptions, HOST, entry, path];
  const { status, signal, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, KERNEL_IDENTITY_BACKEND: backend },
  });
  expect({ status, signal, stderr: withoutWarnings(stderr) }).toEqual({
    status: 0,
    signal: null,
    stderr: '',
  });
  return JSON.parse(stdout) as HostReport;
}

/** The report of a lock that worked: held, refused to a second taker, released. */
export const WORKING_LOCK = { state: 'held', refused: true };

/**
 * Removes the warnings of Node itself, about its permission model, what the model allows, and require() of a
 * module.
 */
export function withoutWarnings(stderr: string): string {
  const ofNode =
    /^\(node:\d+\) (?:\[\w+\] )?(Experimental|Security)Warning: .*\n(.*experimental feature.*\n)?(\(Use `node --trace-warnings.*\n)?/gm;
  return stderr.replace(ofNode, '');
}
