import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeCacheFolder } from '../../src/cli/cache-folder.js';
import { BUILT, cli } from '../helpers/cli.js';
import { isRoot, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

/** A home directory with that mode. */
function home(mode = 0o755): string {
  const above = tempDir();
  chmodSync(above, 0o755);
  const path = join(above, 'home');
  mkdirSync(path);
  chmodSync(path, mode);
  return path;
}

describe('the folder of compiled code', () => {
  test('lies in the home directory, or where the user keeps such things, and is private', () => {
    const path = home();
    const folder = join(path, '.cache/kernel-identity');
    expect(makeCacheFolder({ HOME: path })).toBe(folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(makeCacheFolder({ HOME: path })).toBe(folder);
    const cache = home();
    expect(makeCacheFolder({ HOME: path, XDG_CACHE_HOME: cache })).toBe(join(cache, 'kernel-identity'));
    expect(makeCacheFolder({ HOME: path, XDG_CACHE_HOME: 'relative' })).toBe(folder);
  });

  test('is not made where there is no home directory', () => {
    for (const env of [{}, { HOME: '' }, { HOME: 'relative' }, { HOME: '/nowhere/at/all' }]) {
      expect(makeCacheFolder(env)).toBeNull();
    }
    expect(existsSync('/nowhere')).toBe(false);
  });

  const SPOILS: Record<string, (home: string) => void> = {
    'the home directory': (path) => chmodSync(path, 0o777),
    'the home directory, as its group': (path) => chmodSync(path, 0o775),
    'a directory above it': (path) => chmodSync(join(path, '..'), 0o777),
    'the folder of all caches': (path) => {
      mkdirSync(join(path, '.cache'));
      chmodSync(join(path, '.cache'), 0o777);
    },
    'the folder itself': (path) => {
      mkdirSync(join(path, '.cache/kernel-identity'), { recursive: true });
      chmodSync(join(path, '.cache/kernel-identity'), 0o770);
    },
  };
  for (const [what, spoil] of Object.entries(SPOILS)) {
    test(`is not used where others may write to ${what}`, () => {
      const path = home();
      spoil(path);
      expect(makeCacheFolder({ HOME: path })).toBeNull();
    });
  }

  test('is not reached through a link, and no file is taken for it', () => {
    const [linked, file, target] = [home(), home(), home()];
    for (const path of [linked, file]) mkdirSync(join(path, '.cache'));
    symlinkSync(target, join(linked, '.cache/kernel-identity'));
    writeFileSync(join(file, '.cache/kernel-identity'), '');
    expect(makeCacheFolder({ HOME: linked })).toBeNull();
    expect(makeCacheFolder({ HOME: file })).toBeNull();
  });

  testRequiring([isRoot()], 'is not used, and not made, in the home directory of another user', () => {
    const path = home();
    chownSync(path, 65534, 65534);
    expect(makeCacheFolder({ HOME: path })).toBeNull();
    expect(existsSync(join(path, '.cache'))).toBe(false);
    const own = home();
    mkdirSync(join(own, '.cache/kernel-identity'), { recursive: true });
    chownSync(join(own, '.cache/kernel-identity'), 65534, 65534);
    expect(makeCacheFolder({ HOME: own })).toBeNull();
  });

  testRequiring(BUILT, 'is filled, unless the environment forbids it', async () => {
    const env = { HOME: home(), XDG_CACHE_HOME: '' };
    expect(await cli(['self'], { env })).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(join(env.HOME, '.cache/kernel-identity'))).toHaveLength(1);
    const off = { ...env, HOME: home(), NODE_DISABLE_COMPILE_CACHE: '1' };
    expect(await cli(['self'], { env: off })).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(join(off.HOME, '.cache'))).toBe(false);
  });
});
