import { describe, expect, test } from 'vitest';
import { traitsOf } from '../../src/backend/filesystem-traits.js';
import { filesystemName } from '../../src/backend/procfs/filesystem.js';

const DISKS = ['ext', 'xfs', 'btrfs', 'overlay'];
const FUSE = ['fuse.bindfs', 'fuse.mergerfs', 'fuse.fuse-overlayfs'];
const OTHERS = ['hostfs', 'proc', 'nfs', 'fuse', 'fuse.sshfs', '9p'];
const ALL = [...DISKS, 'tmpfs', 'ramfs', ...FUSE, ...OTHERS];

/** The types that have a trait. */
function having(trait: keyof ReturnType<typeof traitsOf>): string[] {
  return ALL.filter((type) => traitsOf(type)[trait]);
}

describe('traitsOf', () => {
  test.each([
    ['proc', 0x9fa0n],
    ['sysfs', 0x62656572n],
    ['cgroup', 0x27e0ebn],
    ['cgroup2', 0x63677270n],
    ['debugfs', 0x64626720n],
    ['tracefs', 0x74726163n],
    ['securityfs', 0x73636673n],
    ['bpf', 0xcafe4a11n],
    ['devpts', 0x1cd1n],
    ['configfs', 0x62656570n],
  ])('knows %s by its magic, and that no user keeps files there', (name, magic) => {
    expect(filesystemName(magic)).toBe(name);
    expect(traitsOf(name).kernelObjectsOnly).toBe(true);
    expect(traitsOf(name).oneKernel).toBe(false);
  });

  test.each([null, 'unknown', 'nfs', 'fuse', 'fuse.sshfs', '0x12345678', 'constructor'])(
    'trusts %s with nothing',
    (type) => {
      const { showsChanges, ...others } = traitsOf(type);
      expect(new Set(Object.values(others))).toEqual(new Set([false]));
      expect(showsChanges).toBe(true);
    },
  );

  test('knows what each type can be relied on for', () => {
    expect(having('oneKernel')).toEqual([...DISKS, 'tmpfs', 'ramfs', ...FUSE]);
    expect(having('passesThrough')).toEqual(FUSE);
    expect(having('testableWitness')).toEqual([...DISKS, 'tmpfs']);
    expect(having('stableInodes')).toEqual([...DISKS, 'tmpfs', 'ramfs']);
    expect(having('keepsDevice')).toEqual(['ext', 'xfs', 'btrfs', 'tmpfs', 'ramfs']);
    expect(having('locksByStDev')).toEqual(['ext', 'xfs', 'tmpfs']);
    expect(having('provesReboot')).toEqual(DISKS);
  });
});
