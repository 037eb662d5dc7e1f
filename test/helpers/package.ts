import { afterAll, beforeAll, vi } from 'vitest';
import type { Backend } from '../../src/backend/backend.js';
import { type AnyName, EVERY, hasBackend, TESTED } from './backends.js';
import { describeRequiring } from './requirements.js';

/**
 * The package's public API on one backend, with that backend. Its modules are loaded anew, as in another
 * process.
 */
export type Package = typeof import('../../src/index.js') & { readonly backend: Backend };

async function loadPackage(name: AnyName): Promise<Package> {
  vi.resetModules();
  vi.stubEnv('KERNEL_IDENTITY_BACKEND', name);
  try {
    const api = await import('../../src/index.js');
    const { currentBackend } = await import('../../src/backend/select.js');
    return { ...api, backend: currentBackend() };
  } finally {
    vi.unstubAllEnvs();
  }
}

type Define = (api: Package, backend: AnyName) => void;

/**
 * Defines a group of tests for each backend that can identify processes. The API is there from the first hook
 * on, not while the tests are collected.
 */
export function describeForEachBackend(name: string, define: Define): void {
  describeForBackends(TESTED, name, define);
}

/** Does the same for every backend, the portable one included. */
export function describeForEveryBackend(name: string, define: Define): void {
  describeForBackends(EVERY, name, define);
}

/** Does the same for the backends given. */
export function describeForBackends(backends: readonly AnyName[], name: string, define: Define): void {
  for (const backend of backends) {
    describeRequiring([hasBackend(backend)], `${name} (${backend})`, () => {
      const api = {} as Package;
      beforeAll(async () => {
        Object.assign(api, await loadPackage(backend));
        // This backend does not know whose a filesystem is, so that it would find no older program's owner dead.
        if (backend === 'portable') process.env.KERNEL_IDENTITY_SAME_HOST = '1';
      });
      afterAll(() => {
        delete process.env.KERNEL_IDENTITY_SAME_HOST;
      });
      define(api, backend);
    });
  }
}
