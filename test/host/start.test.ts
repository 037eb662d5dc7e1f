// What the first lock of a process loads. Each module of Node that it does without is a millisecond or more.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect } from 'vitest';
import { hasBackend } from '../helpers/backends.js';
import { MAIN } from '../helpers/cli.js';
import { isBuilt, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { installInto, PREBUILT } from './install.js';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));
const PRINT_BUILTINS = fileURLToPath(new URL('fixtures/print-builtins.cjs', import.meta.url));
const START = fileURLToPath(new URL('fixtures/start.cjs', import.meta.url));

interface Started {
  readonly backend: { readonly name: string; readonly reason: string };
  /** Node's own modules, each as `NativeModule NAME`. */
  readonly loaded: readonly string[];
  /** The slow probe of the addon was made. */
  readonly probed: boolean;
  /** The files that require() loaded. */
  readonly files: readonly string[];
}

/** Takes a lock with the package that is installed there, in a process that does nothing else. */
function start(root: string, entry: string, env: Readonly<Record<string, string>> = {}): Started {
  const args = [START, join(root, entry), join(tempDir(), 'first.lock'), join(root, PREBUILT)];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...process.env, KERNEL_IDENTITY_BACKEND: '', ...env },
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Started;
}

const needs = [isBuilt(), hasBackend('native')];

describe('the first lock of a process', () => {
  for (const entry of ['dist/index.js', 'dist/index.cjs']) {
    testRequiring(needs, `loads no module of Node that it can do without: ${entry}`, () => {
      const { root } = installInto();
      const { backend, loaded, probed } = start(root, entry);
      expect(backend).toEqual({ name: 'native', reason: 'the addon loaded' });
      expect(loaded.filter((name) => /crypto|child_process|worker|perf_hooks/.test(name))).toEqual([]);
      expect(probed).toBe(false);
    });
  }

  testRequiring(needs, 'has the addon of the package, whatever the environment says', () => {
    const { root, project } = installInto();
    const { files, backend } = start(root, 'dist/index.js', {
      npm_config_arch: process.arch === 'arm64' ? 'x64' : 'arm64',
      npm_config_platform: 'darwin',
      npm_config_runtime: 'electron',
      LIBC: 'musl',
      KERNEL_IDENTITY_PREBUILD: project,
    });
    expect(backend).toEqual({ name: 'native', reason: 'the addon loaded' });
    expect(files.filter((name) => name.endsWith('.node'))).toEqual([join(root, PREBUILT)]);
  });
});

testRequiring([isBuilt()], 'no CommonJS file requires a module of Node more than once', () => {
  // etcd.cjs only leads to another file.
  const files = readdirSync(DIST, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.cjs') && name !== 'etcd.cjs',
  );
  expect(files).toEqual(expect.arrayContaining(['index.cjs', 'cli/run.cjs', 'cli/main.cjs']));
  for (const file of files) {
    const text = readFileSync(join(DIST, file), 'utf8');
    const names = [...text.matchAll(/require\("(node:[\w/]+)"\)/g)].map(([, name]) => name);
    expect(names, file).toContain('node:fs');
    expect(names, file).toEqual([...new Set(names)]);
  }
});

testRequiring([isBuilt()], 'run loads nothing for a terminal, and no crypto', () => {
  const args = ['--require', PRINT_BUILTINS, MAIN, 'run', join(tempDir(), 'a.lock'), '--', 'true'];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(stderr).toBe('');
  const loaded = JSON.parse(stdout) as string[];
  expect(loaded).toContain('NativeModule child_process');
  expect(loaded.filter((name) => /^NativeModule (tty|crypto|worker_threads)$/.test(name))).toEqual([]);
});
