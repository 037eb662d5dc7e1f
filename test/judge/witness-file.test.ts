import { describe, expect, test } from 'vitest';
import type { Filesystem } from '../../src/backend/backend.js';
import type { Descriptor } from '../../src/backend/descriptor.js';
import { whyNotTheSameFile } from '../../src/judge/live-observation.js';
import { record, WITNESS } from './builders.js';

const NOT_OPEN = -1 as Descriptor;

interface Found {
  readonly device?: string;
  readonly inode?: string;
  readonly filesystem?: Filesystem;
}

/**
 * Returns why a lock on the file that was found says nothing of the owner who recorded {@link WITNESS} on
 * `filesystem`; null when it does say something.
 */
function whyNot(found: Found = {}, filesystem = 'ext', fsid: string | null = WITNESS.fsid): string | null {
  const { device = WITNESS.device, inode = WITNESS.inode } = found;
  const status = { kind: 'file', device, inode, links: 1, size: 9, mtimeMs: 0, ctimeMs: 0 } as const;
  return whyNotTheSameFile(record({}, { filesystem, witness: { ...WITNESS, fsid } }), {
    descriptor: NOT_OPEN,
    status,
    filesystem: found.filesystem ?? { type: filesystem, fsid: WITNESS.fsid },
  });
}

describe('the file that an owner locked', () => {
  test('is the one with the recorded device and inode', () => {
    expect(whyNot()).toBeNull();
    expect(whyNot({}, 'overlay')).toBeNull();
  });

  test('is not one with another inode', () => {
    expect(whyNot({ inode: '4712' })).toBe('inode 4712 is another file');
  });

  test('has another device after a remount, and the same filesystem id', () => {
    expect(whyNot({ device: '7' })).toBeNull();
  });

  test.each([
    ['another filesystem id', WITNESS.fsid, '1111111111111111'],
    ['no filesystem id', WITNESS.fsid, null],
    ['none recorded', null, WITNESS.fsid],
    ['none on either side', null, null],
  ])('is not one with another device and %s', (_, recorded, seen) => {
    const found = { device: '7', filesystem: { type: 'ext', fsid: seen } };
    expect(whyNot(found, 'ext', recorded)).toMatch(
      /^device 7 and filesystem id .* are of another filesystem$/,
    );
  });

  test('is not one on another overlay, whose filesystem id is that of the upper layer', () => {
    expect(whyNot({ device: '7' }, 'overlay')).toMatch(/of another filesystem$/);
  });

  test('is not one on a filesystem of another type', () => {
    expect(whyNot({ filesystem: { type: 'xfs', fsid: WITNESS.fsid } })).toBe('recorded on ext, seen on xfs');
  });

  test('is never looked for where a lock call can hang', () => {
    expect(whyNot({}, 'nfs')).toBe('nfs is not known to belong to one kernel');
  });

  test('is none where no witness was recorded', () => {
    const found = {
      kind: 'file',
      device: '1',
      inode: '2',
      links: 1,
      size: 9,
      mtimeMs: 0,
      ctimeMs: 0,
    } as const;
    const file = { descriptor: NOT_OPEN, status: found, filesystem: { type: 'ext', fsid: null } };
    expect(whyNotTheSameFile(record(), file)).toBe('no witness recorded');
  });
});
