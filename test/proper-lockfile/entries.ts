// The three ways in which the package locks in place of proper-lockfile, for tests that hold for all of them.
import nodeFs from 'node:fs';
import { afterAll, beforeAll, vi } from 'vitest';
import { type AnyName, hasBackend } from '../helpers/backends.js';
import { describeRequiring } from '../helpers/requirements.js';

export type ProperLockfile = typeof import('../../src/proper-lockfile/index.js');

/** Methods of node:fs behind other functions: to the package a module of its own, as memfs is. */
export function foreignFs(more: object = {}): object {
  const methods = ['mkdir', 'rmdir', 'stat', 'utimes', 'realpath'].flatMap((name) => [name, `${name}Sync`]);
  const wrapped = methods.map((name) => [
    name,
    (...args: unknown[]) =>
      (nodeFs as unknown as Record<string, (...args: unknown[]) => unknown>)[name]?.(...args),
  ]);
  return { ...Object.fromEntries(wrapped), ...more };
}

export interface Entry {
  readonly api: ProperLockfile;
  /** Options that lead to this way. */
  readonly options: { fs?: object };
}

export const ENTRIES: readonly [name: string, backend: AnyName, options: Entry['options']][] = [
  ['with the kernel', 'native', {}],
  ['on plain Node', 'procfs', {}],
  ['on another system', 'portable', {}],
  ['through a foreign module', 'native', { fs: foreignFs() }],
];

export function describeForEachEntry(what: string, define: (entry: Entry, name: string) => void): void {
  for (const [name, backend, options] of ENTRIES) {
    describeRequiring([hasBackend(backend)], `${what} ${name}`, () => {
      const entry = { options } as { -readonly [key in keyof Entry]: Entry[key] };
      beforeAll(async () => {
        entry.api = await loadEntry(backend);
      });
      afterAll(() => {
        expectNoLock(entry.api);
      });
      define(entry, name);
    });
  }
}

/** Loads the modules anew on that backend, as in another process. */
export async function loadEntry(backend: AnyName): Promise<ProperLockfile> {
  vi.resetModules();
  vi.stubEnv('KERNEL_IDENTITY_BACKEND', backend);
  try {
    const api = await import('../../src/proper-lockfile/index.js');
    const { currentBackend } = await import('../../src/backend/select.js');
    currentBackend();
    return api;
  } finally {
    vi.unstubAllEnvs();
  }
}

function expectNoLock(api: ProperLockfile): void {
  const left = Object.values(api.getLocks());
  if (left.length > 0) throw new Error(`still held: ${left}`);
}
