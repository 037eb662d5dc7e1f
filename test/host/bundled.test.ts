import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect } from 'vitest';
import { EtcdServer, HAS_ETCD } from '../engine/etcd-server.js';
import { hasBackend } from '../helpers/backends.js';
import { type BundleOptions, bundleFile, COMMONJS, hasEsbuild } from '../helpers/esbuild.js';
import { isBuilt, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { runHost, WORKING_LOCK, withoutWarnings } from './host.js';
import { installInto } from './install.js';

// These are the recipes of docs/bundlers.md.

/** Bundles an application, by default one that exports the package, without node_modules beside the result. */
async function bundle(
  options: BundleOptions,
  program = `export * from 'kernel-identity';\n`,
): Promise<{ entry: string; folder: string; root: string }> {
  const { project, root } = installInto();
  const application = join(project, 'application.mjs');
  writeFileSync(application, program);
  const folder = join(tempDir(), 'bundle');
  mkdirSync(folder);
  const entry = join(folder, options.format === 'cjs' ? 'application.cjs' : 'application.mjs');
  expect(await bundleFile(application, entry, options)).toEqual([]);
  return { entry, folder, root };
}

/** Locks on etcd, by both entries, and what becomes of a lock whose entry is gone. */
const ON_ETCD = `
import { once } from 'node:events';
import { LockLostError, openLocks } from 'kernel-identity';
import { openEtcd } from 'kernel-identity/etcd';
const [, , address, endpoint] = process.argv;
const [one, two] = [await openLocks(address), openEtcd(address)];
const lock = await one.acquire('bundled');
// A lock keeps no process alive.
const alive = setInterval(() => {}, 1_000);
const other = await two.tryAcquire('bundled');
const key = Buffer.from('locks/bundled/').toString('base64');
const range_end = Buffer.from('locks/bundled0').toString('base64');
await Promise.all([
  once(lock.signal, 'abort'),
  fetch(endpoint + '/v3/kv/deleterange', { method: 'POST', body: JSON.stringify({ key, range_end }) }),
]);
console.log(JSON.stringify({ other, isLost: lock.signal.reason instanceof LockLostError }));
clearInterval(alive);
await one.close();
await two.close();
`;

const needs = [isBuilt(), hasBackend('native'), hasBackend('procfs'), hasEsbuild];

describe('bundled by esbuild', () => {
  testRequiring(needs, 'left outside, it is the package in node_modules', async () => {
    const { entry, folder } = await bundle({ format: 'esm', external: ['kernel-identity'] });
    installInto(folder);
    expect(runHost(entry)).toMatchObject({ backend: { name: 'native' }, lock: WORKING_LOCK });
  });

  testRequiring(needs, 'taken in without its addon, it serves on plain Node and says why', async () => {
    const { entry } = await bundle({ format: 'esm' });
    const { backend, lock } = runHost(entry);
    expect(backend).toEqual({
      name: 'procfs',
      reason: expect.stringContaining('the native addon does not load'),
    });
    expect(lock).toEqual(WORKING_LOCK);
  });

  testRequiring(needs, 'taken in, with prebuilds/ copied beside it, it has its addon', async () => {
    const { entry, folder, root } = await bundle({ format: 'esm' });
    cpSync(join(root, 'prebuilds'), join(folder, 'prebuilds'), { recursive: true });
    expect(runHost(entry)).toMatchObject({
      backend: { name: 'native', reason: 'the addon loaded' },
      lock: WORKING_LOCK,
    });
  });

  testRequiring(needs, 'into a CommonJS file: the same, if it is told where that file is', async () => {
    const { entry, folder, root } = await bundle(COMMONJS);
    expect(runHost(entry)).toMatchObject({ backend: { name: 'procfs' }, lock: WORKING_LOCK });
    cpSync(join(root, 'prebuilds'), join(folder, 'prebuilds'), { recursive: true });
    expect(runHost(entry)).toMatchObject({ backend: { name: 'native' }, lock: WORKING_LOCK });
  });

  testRequiring(needs, 'into a CommonJS file without being told, it serves on plain Node', async () => {
    const { entry } = await bundle({ format: 'cjs', logOverride: { 'empty-import-meta': 'silent' } });
    expect(runHost(entry)).toMatchObject({ backend: { name: 'procfs' }, lock: WORKING_LOCK });
  });

  testRequiring(needs, 'minified, it keeps its leases all the same', async () => {
    const { entry } = await bundle({ format: 'esm', minify: true });
    expect(runHost(entry, { backend: 'portable' })).toMatchObject({
      backend: { name: 'portable' },
      lock: WORKING_LOCK,
    });
  });

  testRequiring([...needs, ...HAS_ETCD], 'it has locks on etcd too, also minified', async () => {
    const server = await EtcdServer.start();
    try {
      const { entry } = await bundle({ format: 'esm', minify: true }, ON_ETCD);
      const args = [entry, server.address, server.endpoint];
      const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
      expect(withoutWarnings(stderr)).toBe('');
      expect(JSON.parse(stdout)).toEqual({ other: null, isLost: true });
    } finally {
      await server.stop();
    }
  });
});
