import { statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { findMount, fuseTypeOf } from '../../src/backend/fuse-type.js';
import { FUSE } from '../helpers/mounts.js';
import { hasProgram, isRoot, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

function typeAt(path: string): string {
  return fuseTypeOf(statSync(path, { bigint: true }).dev.toString());
}

describe('a line of /proc/self/mountinfo', () => {
  const text = [
    '21 1 254:0 / / rw - ext4 /dev/vda rw',
    '30 21 0:39 /sub /elsewhere rw,nosuid shared:7 - fuse.mergerfs a\\040b:/c rw',
    '31 21 0:39 / /mnt/one\\040two rw,nosuid master:1 propagate_from:2 - fuse.mergerfs a\\040b:/c rw',
    '32 21 0:40 /only /mnt/part rw - fuse /srv/d\\303\\251p\\303\\264t rw',
    'no line at all',
    '',
  ].join('\n');

  test('is found by the device, that of the top directory first', () => {
    expect(findMount(text, 39n)).toEqual({
      root: '/',
      mountPoint: '/mnt/one two',
      type: 'fuse.mergerfs',
      source: 'a b:/c',
    });
    expect(findMount(text, 40n)).toMatchObject({ root: '/only', type: 'fuse', source: '/srv/dépôt' });
  });

  test('is not found when there is none', () => {
    expect(findMount(text, 3n)).toBeNull();
    expect(findMount('', 39n)).toBeNull();
  });
});

describe('a FUSE daemon', () => {
  for (const daemon of ['bindfs', 'mergerfs', 'fuse-overlayfs'] as const) {
    testRequiring(
      [isRoot(), hasProgram(daemon)],
      `that shows files of this kernel is known: ${daemon}`,
      () => {
        expect(typeAt(FUSE[daemon]())).toBe(`fuse.${daemon}`);
      },
    );
  }

  testRequiring(
    [isRoot(), hasProgram('bindfs'), hasProgram('mergerfs')],
    'that shows files of another daemon is not trusted, since those may be anywhere',
    () => {
      expect(typeAt(FUSE.bindfs(FUSE.mergerfs()))).toBe('fuse');
    },
  );

  test('is not trusted where no such filesystem is mounted', () => {
    for (const device of [
      '0',
      '18446744073709551615',
      statSync(tempDir(), { bigint: true }).dev.toString(),
    ]) {
      expect(fuseTypeOf(device)).toBe('fuse');
    }
    expect(fuseTypeOf('no number')).toBe('fuse');
  });
});
