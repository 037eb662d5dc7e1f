// Which file is loaded as the addon, in a place that somebody else has prepared.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { hasBackend } from '../helpers/backends.js';
import { hasProgram, isBuilt, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { runHost, WORKING_LOCK } from './host.js';
import { installInto, PREBUILT } from './install.js';

const needs = [isBuilt(), hasBackend('native'), hasBackend('procfs'), hasProgram('cc')];

/** The places where node-gyp-build and `bindings` look for an addon. */
const PLACES = [PREBUILT, 'build/Release/kernel_identity.node', 'build/Debug/kernel_identity.node'];

describe('the addon of an application in a hostile directory, with a hostile environment', () => {
  let stranger: string;
  let preload: string;
  /** A file that the stranger's code makes when it is loaded. */
  let loaded: string;

  beforeAll(() => {
    if (needs.some(({ available }) => !available)) return;
    stranger = tempDir();
    loaded = join(stranger, 'loaded');
    const library = join(stranger, 'library.node');
    const source = `#include <fcntl.h>
      static __attribute__((constructor)) void load(void) { open(${JSON.stringify(loaded)}, O_CREAT, 0600); }`;
    const { status, stderr } = spawnSync('cc', ['-shared', '-fPIC', '-x', 'c', '-o', library, '-'], {
      input: source,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
    for (const place of ['', 'dist', 'bin', 'node_modules/kernel-identity'].flatMap((folder) =>
      PLACES.map((name) => join(stranger, folder, name)),
    )) {
      mkdirSync(dirname(place), { recursive: true });
      copyFileSync(library, place);
    }
    writeFileSync(join(stranger, '.npmrc'), 'arch=arm64\nplatform=darwin\nlibc=musl\n');
    // The program runs there, and takes the stranger's folder for that of Node.
    preload = join(stranger, 'preload.cjs');
    const env = {
      KERNEL_IDENTITY_PREBUILD: stranger,
      npm_config_arch: process.arch === 'arm64' ? 'x64' : 'arm64',
      npm_config_platform: 'darwin',
      npm_config_libc: 'musl',
      npm_config_local_prefix: stranger,
      npm_config_debug: 'true',
      npm_package_config_node_gyp_build: stranger,
      LIBC: 'musl',
      INIT_CWD: stranger,
      NODE_PATH: join(stranger, 'node_modules'),
      PREBUILDS_ONLY: '1',
    };
    writeFileSync(
      preload,
      `process.chdir(${JSON.stringify(stranger)});
       process.execPath = ${JSON.stringify(join(stranger, 'bin/node'))};
       Object.assign(process.env, ${JSON.stringify(env)});`,
    );
  });

  testRequiring(needs, 'is that of the package', () => {
    const { entry } = installInto();
    const { backend, lock } = runHost(entry, { nodeOptions: ['--require', preload] });
    expect(backend).toEqual({ name: 'native', reason: 'the addon loaded' });
    expect(lock).toEqual(WORKING_LOCK);
    expect(existsSync(loaded)).toBe(false);
  });

  testRequiring(needs, 'is none where the package has none, and `dump` names the path', () => {
    const { entry, root } = installInto(tempDir(), null);
    const { backend, lock } = runHost(entry, { nodeOptions: ['--require', preload] });
    expect(backend).toEqual({
      name: 'procfs',
      reason: `native backend: the native addon does not load: no such file: ${join(root, PREBUILT)}`,
    });
    expect(lock).toEqual(WORKING_LOCK);
    expect(existsSync(loaded)).toBe(false);
  });

  testRequiring(needs, 'would be seen if it were loaded', () => {
    const { entry } = installInto(tempDir(), join(stranger, 'library.node'));
    expect(runHost(entry)).toMatchObject({ backend: { name: 'procfs' } });
    expect(existsSync(loaded)).toBe(true);
  });
});
